import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'

/**
 * Whether KVM really runs guests here. /dev/kvm may exist and hang them after the firmware, so a guest must print a kernel line.
 *
 * @param kernel path of a kernel with a serial console
 */
export function probeKvm(kernel: string, timeoutMs = 8000): Promise<boolean> {
  if (!existsSync('/dev/kvm') || !existsSync(kernel)) return Promise.resolve(false)
  return new Promise((resolve) => {
    const guest = spawn('qemu-system-x86_64', ['-accel', 'kvm', '-cpu', 'host', '-m', '512', '-nodefaults', '-display', 'none', '-no-reboot', '-serial', 'stdio', '-kernel', kernel, '-append', 'console=ttyS0 panic=-1'], { stdio: ['ignore', 'pipe', 'ignore'] })
    let text = ''
    const end = (works: boolean): void => {
      clearTimeout(timer)
      guest.kill('SIGKILL')
      resolve(works)
    }
    const timer = setTimeout(end, timeoutMs, false)
    guest.stdout.on('data', (bytes: Buffer) => {
      text = (text + bytes.toString('latin1')).slice(-4000)
      if (/Linux version/.test(text)) end(true)
    })
    guest.once('error', () => end(false))
    guest.once('close', () => end(false))
  })
}
