import { describe, expect, it } from 'vitest'
import { parseFacts, renderFactsFault } from './facts.ts'
import { decodeLldp } from './lldp.ts'

const lldp = ['0180c200000e5254000a0b0c88cc', '0207045254000a0b0c', '040705706f72743137', '06020078', '0a046c656166', '0000'].join('')

const facts = [
  'firmware\tuefi', 'secureboot\t1', 'kernel\t6.1.0-40-amd64', 'cpu.model\tNehalem', 'cpu.count\t2', 'cpu.arch\tx86_64', 'mem.kb\t2048000', 'bootif\t52-54-00-AA-00-01',
  'dmi.product_uuid\t564D9A2B-11AA-22BB-33CC-0123456789AB', 'dmi.sys_vendor\tQEMU', 'dmi.product_name\tStandard PC', 'dmi.product_serial\tSC-0001', 'dmi.chassis_asset_tag\t', 'dmi.bios_version\t2022.11',
  'disk\tvda', 'disk.size\t41943040', 'disk.model\t', 'disk.serial\tdisk-1', 'disk.wwn\t', 'disk.rotational\t1', 'disk.removable\t0', 'disk.transport\tvirtio', 'disk.contents\tblank',
  'nic\teth0', 'nic.mac\t52:54:00:AA:00:01', 'nic.link\t1', 'nic.speed\t-1', 'nic.driver\tvirtio_net', `nic.lldp\t${lldp}`,
  'nic\tib0', 'nic.mac\t80:00:02:08:fe:80:00:00:00:00:00:00:00:02:c9:03:00:31:78:f2', 'nic.link\t0', 'future.key\tsomething', '',
].join('\n')

describe('parseFacts', () => {
  it('makes an inventory of what the ramdisk printed', () => {
    expect(parseFacts(facts)).toEqual({ ok: true, value: {
      uuid: '564d9a2b-11aa-22bb-33cc-0123456789ab', manufacturer: 'QEMU', product: 'Standard PC', serial: 'SC-0001', assetTag: '', firmware: 'uefi', firmwareVersion: '2022.11', secureBoot: true,
      cpuModel: 'Nehalem', cpus: 2, architecture: 'x86_64', memoryBytes: 2_097_152_000, kernel: '6.1.0-40-amd64',
      disks: [{ name: 'vda', model: '', serial: 'disk-1', wwn: '', sizeBytes: 21_474_836_480, rotational: true, removable: false, transport: 'virtio', contents: 'blank' }],
      nics: [{ name: 'eth0', mac: '52:54:00:aa:00:01', link: true, speedMbps: null, driver: 'virtio_net', boot: true, lldp: { chassis: '52:54:00:0a:0b:0c', port: 'port17', systemName: 'leaf', portDescription: '' } }],
    } })
  })

  it.each([
    ['a line without a tab', 'firmware uefi', 'Line 1 of the facts is not "key<TAB>value".'],
    ['a disk attribute before any disk', 'disk.size\t3', 'Line 1 of the facts: disk.size must follow a "disk" line.'],
    ['words for a number', facts.replace('cpu.count\t2', 'cpu.count\tmany'), 'Line 5 of the facts: cpu.count must be a number.'],
    ['a size beyond what a number holds', facts.replace('41943040', '9'.repeat(400)), 'Line 16 of the facts: disk.size must be a number.'],
    ['no firmware', facts.replace('firmware\tuefi', 'x\ty'), 'The facts do not make an inventory: firmware:'],
    ['nothing', '', 'The facts do not make an inventory:'],
    ['too much', 'x\ty\n'.repeat(200_000), 'The facts have 800000 characters'],
    ['600 disks', facts + 'disk\tvdb\n'.repeat(600), 'The facts do not make an inventory: disks'],
  ])('refuses %s', (_, text, sentence) => {
    const result = parseFacts(text)
    expect(result.ok ? 'taken' : renderFactsFault(result.fault)).toContain(sentence)
  })

  it.each(['00000000-0000-0000-0000-000000000000', 'FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF', 'Not Settable'])('takes the UUID %s for none', (uuid) => {
    const result = parseFacts(facts.replace('564D9A2B-11AA-22BB-33CC-0123456789AB', uuid))
    expect(result.ok && result.value.uuid).toBeNull()
  })

  it('strips control characters from what a machine says', () => {
    const result = parseFacts(facts.replace('SC-0001', '\u001b[31mSC\u202e-1'))
    expect(result.ok && result.value.serial).toBe('[31mSC -1')
  })
})

describe('decodeLldp', () => {
  it.each([
    ['zz', 'not-hex'], ['0011', 'frame-too-short'], ['00'.repeat(40), 'not-lldp'], [`${'00'.repeat(12)}88cc02ff00`, 'tlv-overruns'],
  ])('refuses %s as %s', (hex, kind) => {
    expect(decodeLldp(hex)).toMatchObject({ ok: false, fault: { kind } })
  })
})
