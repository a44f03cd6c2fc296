import { describe, expect, it } from 'vitest'
import type { BootDecision, DiskBoot, MachineView } from '../../site.ts'
import { chooseDiskBoot, renderEntry, renderScript, renderTrouble } from './render-ipxe.ts'

const mac = '52:54:00:00:00:01'
const render = (decision: BootDecision, why = 'Because.', machine?: MachineView, hasFile = true): string => renderScript({ decision, why }, '10.77.0.1', mac, machine, () => hasFile)

describe('the boot scripts', () => {
  it('ask for ever', () => {
    for (const script of [renderEntry('10.77.0.1'), renderTrouble('10.77.0.1'), render('ramdisk'), render('wait'), render('localDisk')]) {
      expect(script.startsWith('#!ipxe\n')).toBe(true)
      expect(script).toMatch(/goto (again|ask)/)
    }
  })
  it('configure the card where iPXE did not, which newer ones leave to autoexec.ipxe, and then ask again', () => {
    expect(renderEntry('10.77.0.1')).toMatch(/^#!ipxe\nchain [^\n]*\/boot\/\$\{netX\/mac:hexhyp\}\?[^\n]* \|\| goto configure\n:configure\ndhcp \|\| goto again\n:ask\nchain /)
    expect(renderEntry('[fd00:77::1]')).toContain('\nifconf -c ipv6 || goto again\n')
  })
  it('start the ramdisk with the card that booted', () => {
    expect(render('ramdisk', '', { id: 'm', hostname: null, decision: 'ramdisk', address: null, kernelArguments: ['sc.debug=1', 'a b', '$(x)'] })).toContain(
      'kernel http://10.77.0.1/files/vmlinuz initrd=initrd.img BOOTIF=01-52-54-00-00-00-01 sc.url=http://10.77.0.1 console=ttyS0 console=tty0 net.ifnames=0 panic=30 sc.debug=1 || goto failed\n')
  })
  it('start the disk of both firmwares', () => {
    expect(render('localDisk')).toContain('sanboot --no-describe --drive 0x80 || goto failed')
    expect(render('localDisk')).toContain('chain http://10.77.0.1/files/localboot.efi || goto next')
    expect(render('localDisk', '', undefined, false)).not.toContain('localboot.efi')
  })
  it('give a machine whose root is known a GRUB of its own', () => {
    const installed = { id: 'm', hostname: null, decision: 'localDisk' as const, address: null, rootUuid: '5c10ad00-0000-4000-a000-000000000001' }
    expect(render('localDisk', '', installed)).toContain(`chain http://10.77.0.1/boot/52-54-00-00-00-01/localboot.efi || goto next`)
    expect(render('localDisk', '', installed)).toMatch(/drive-80 && sanboot --no-describe --drive 0x80 \|\|\n.*drive-81 && sanboot --no-describe --drive 0x81 \|\|\n[\s\S]*\nsanboot --no-describe --drive 0x80 \|\| goto failed\n/)
  })
  it('hand over to the disk as the machine’s kind is known to take it', () => {
    const by = (disk: DiskBoot): string => render('localDisk', '', { id: 'm', hostname: null, decision: 'localDisk', address: null, bootPath: { disk } })
    expect(by('exit')).not.toMatch(/sanboot|localboot/)
    expect(by('grub')).toBe(render('localDisk', ''))
    expect([chooseDiskBoot(undefined, 'pcbios', true), chooseDiskBoot('grub', 'pcbios', true), chooseDiskBoot('sanboot', 'efi', true), chooseDiskBoot('grub', 'efi', false), chooseDiskBoot('exit', 'efi', true)]).toEqual(['sanboot', 'sanboot', 'grub', 'exit', 'exit'])
  })
  it('never say "boot your disk" to one that waits', () => {
    for (const script of [renderTrouble('10.77.0.1'), render('wait'), renderEntry('10.77.0.1')]) expect(script).not.toMatch(/sanboot|exit/)
  })
  it('leave a stranger to its next boot entry', () => expect(render('ignore')).toMatch(/exit 1\n$/))
  it('show text without letting it do anything', () => {
    expect(render('wait', 'x || exit ${net0/mac} # \n exit \u001b[2J').split('\n')[1]).toBe('echo x    exit  {net0/mac}     exit  [2J')
  })
  it('go only to labels that are there', () => {
    for (const script of [renderEntry('a'), renderTrouble('a'), render('ramdisk'), render('wait'), render('localDisk'), render('localDisk', '', undefined, false), render('localDisk', '', { id: 'm', hostname: null, decision: 'localDisk', address: null, bootPath: { disk: 'exit' } })]) {
      const labels = new Set(Array.from(script.matchAll(/^:(\w+)$/gm), ([, label]) => label))
      for (const [, label] of script.matchAll(/goto (\w+)/g)) expect(labels).toContain(label)
    }
  })
})
