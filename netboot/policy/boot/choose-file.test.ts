import { describe, expect, it } from 'vitest'
import { chooseBootItem, chooseFile } from './choose-file.ts'

const file = { name: 'snponly.efi', path: '/x', sizeBytes: 1, sha256: '' }
const find = (name: string): typeof file | undefined => (name === file.name ? file : undefined)

describe('chooseFile', () => {
  it.each(['snponly.efi', '/snponly.efi', '//snponly.efi', '\\snponly.efi', '\\\\snponly.efi'])('finds %s', (name) => expect(chooseFile(name, find)).toEqual({ ok: true, value: file }))
  it.each([
    ['../snponly.efi', 'not-found'], ['..\\snponly.efi', 'not-found'], ['/etc/passwd', 'not-found'], ['../../../../etc/passwd', 'not-found'], ['%2e%2e/etc/passwd', 'not-found'],
    ['snponly.efi/..', 'not-found'], ['./snponly.efi', 'not-found'], ['', 'name-malformed'], ['snponly.efi\u0000.txt', 'name-malformed'], ['a b', 'name-malformed'], ['\u00e9', 'name-malformed'],
    ['x'.repeat(10_240), 'name-malformed'], ['SNPONLY.EFI', 'not-found'], ['__proto__', 'not-found'],
  ])('has no %j', (name, kind) => expect(chooseFile(name, find)).toMatchObject({ ok: false, fault: { kind } }))
})

describe('chooseBootItem', () => {
  it.each<[string, object]>([
    ['snponly.efi', { kind: 'file', file }], ['autoexec.ipxe', { kind: 'ipxeEntry' }], ['//boot.ipxe', { kind: 'ipxeEntry' }], ['/grub/grub.cfg', { kind: 'grubEntry' }],
    ['/grub/order-52:54:00:aa:bb:CC.cfg', { kind: 'grubOrder', mac: '52:54:00:aa:bb:cc' }], ['/grub/order-.cfg', { kind: 'grubOrder', mac: null }],
  ])('knows %s', (name, value) => expect(chooseBootItem(name, find)).toEqual({ ok: true, value }))
  it.each(['/grub/x86_64-efi/command.lst', 'revocations_sku.efi', 'shim_certificate_0.efi', '/grub/../grub/grub.cfg'])('has no %s', (name) => expect(chooseBootItem(name, find).ok).toBe(false))
})
