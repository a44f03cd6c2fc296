import { describe, expect, it } from 'vitest'
import type { JournalEvent, LogLine } from '#contract/events'
import { KernelWatch } from './kernel-watch.ts'

const script: JournalEvent = { seq: 1, at: '', machineId: 'm1', kind: 'script.rendered', level: 'info', text: '', data: { script: 'ramdisk' } }
const read = (lines: readonly [LogLine['source'], string][]) => {
  const watch = new KernelWatch()
  watch.heard(script)
  return watch.read('m1', lines.map(([source, text], seq) => ({ seq, at: '', source, level: 'info', text }))).map((line) => line.kind)
}

describe('a kernel\'s lines on the timeline', () => {
  it('are its first one alone where all is well, whatever words it uses', () => {
    expect(read([
      ['kernel', 'Linux version 6.12.117+deb13-amd64 (debian-kernel@lists.debian.org)'], ['kernel', 'Command line: vmlinuz initrd=initrd.img BOOTIF=01-52-54-00-77-00-01 sc.url=http://10.77.0.1 console=ttyS0 panic=30'],
      ['kernel', 'Loading compiled-in X.509 certificates'], ['kernel', 'Kernel command line: vmlinuz sc.url=http://10.77.0.1'], ['ramdisk', 'eth0 has an address, up 13.99 s'],
    ])).toEqual(['kernel.started'])
  })
  it('are also what means trouble', () => {
    expect(read([['kernel', 'Linux version 6.12'], ['kernel', 'Initramfs unpacking failed: write error'], ['ramdisk', 'curl: (60) SSL certificate problem: certificate is not yet valid'], ['kernel', 'Kernel panic - not syncing: No working init found']])).toEqual(['kernel.started', 'kernel.alarmed', 'kernel.alarmed', 'kernel.died'])
  })
})
