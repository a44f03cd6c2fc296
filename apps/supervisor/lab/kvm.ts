import { spawn } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import path from 'node:path'

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

/** The kernel of a built ramdisk below the folder of images, to try a guest with; undefined where none is built yet. */
export function findKernel(imagesDir: string): string | undefined {
  if (!existsSync(imagesDir)) return undefined
  return readdirSync(imagesDir).filter((name) => name.startsWith('ramdisk-')).map((name) => path.join(imagesDir, name, 'vmlinuz')).find((file) => existsSync(file))
}
