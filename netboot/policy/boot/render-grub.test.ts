import { describe, expect, it } from 'vitest'
import type { BootDecision } from '../../site.ts'
import { renderGrubEntry, renderGrubOrder, renderGrubTrouble } from './render-grub.ts'

const mac = '52:54:00:00:00:01'
const render = (decision: BootDecision, why = 'Because.'): string => renderGrubOrder({ decision, why }, '10.77.0.1', '', mac, undefined)

describe('what GRUB is told', () => {
  it('asks for ever', () => expect(renderGrubEntry('')).toMatch(/while true; do\n {2}source \(\$root\)\/grub\/order-\$net_default_mac\.cfg\n[\s\S]*done\n$/))
  it('starts iPXE where Secure Boot is off', () => expect(renderGrubEntry('')).toContain('if [ "$lockdown" != "y" ]; then if chainloader /snponly.efi; then boot; fi; fi'))
  it('starts the ramdisk with the card that booted', () => {
    expect(render('ramdisk')).toContain('if linux /vmlinuz BOOTIF=01-52-54-00-00-00-01 sc.url=http://10.77.0.1 console=ttyS0 console=tty0 net.ifnames=0 panic=30; then\n  if initrd /initrd.img; then boot; fi')
  })
  it('finds its files by HTTP in their folder', () => {
    expect(renderGrubOrder({ decision: 'ramdisk', why: '' }, '10.77.0.1', '/files', mac, undefined)).toMatch(/linux \/files\/vmlinuz [\s\S]*initrd \/files\/initrd\.img;/)
    expect(renderGrubEntry('/files')).toContain('chainloader /files/snponly.efi')
  })
  it('starts the disk with what is on it', () => expect(render('localDisk')).toContain('configfile ($disk)/EFI/debian/grub.cfg'))
  it('starts the disk with the root that was installed before any other', () => {
    const order = (rootUuid?: string): string => renderGrubOrder({ decision: 'localDisk', why: '' }, '10.77.0.1', '', mac, { id: 'm', hostname: null, decision: 'localDisk', address: null, ...(rootUuid === undefined ? {} : { rootUuid }) })
    const known = order('5c10ad00-0000-4000-a000-000000000001')
    expect(known.indexOf('--fs-uuid --set=system 5c10ad00-0000-4000-a000-000000000001\n')).toBeGreaterThan(0)
    expect(known.indexOf('configfile (${drive},gpt2)/EFI/debian/grub.cfg')).toBeLessThan(known.indexOf('search --no-floppy --file'))
    expect(order('x; reboot')).toBe(order())
  })
  it('leaves the disk to the next boot entry of the firmware where that is the way of its kind', () => {
    const order = renderGrubOrder({ decision: 'localDisk', why: 'Boots.' }, '10.77.0.1', '', mac, { id: 'm', hostname: null, decision: 'localDisk', address: null, rootUuid: '5c10ad00-0000-4000-a000-000000000001', bootPath: { disk: 'exit' } })
    expect(order).toBe('echo "Boots."\nexit 1\n')
  })
  it('never says "boot your disk" to one that waits', () => {
    for (const script of [renderGrubEntry(''), render('wait'), renderGrubTrouble()]) expect(script).not.toMatch(/search|configfile|exit/)
  })
  it('leaves a stranger to its next boot entry', () => expect(render('ignore')).toMatch(/exit 1\n$/))
  it('shows text without letting it do anything', () => expect(render('wait', 'x"; reboot; echo "$y `z` \\ \n exit').split('\n')).toEqual(['echo "x ; reboot; echo   y  z      exit"', '']))
  it('writes no && and no ||, which GRUB does not know', () => {
    for (const script of [renderGrubEntry(''), ...(['ramdisk', 'localDisk', 'wait', 'ignore'] as const).map((decision) => render(decision))]) expect(script).not.toMatch(/&&|\|\|/)
  })
  it('opens and closes what it begins', () => {
    for (const script of [renderGrubEntry(''), ...(['ramdisk', 'localDisk', 'wait', 'ignore'] as const).map((decision) => render(decision))]) {
      for (const [open, close] of [[/\bif /g, /\bfi\b/g], [/\bdo$/gm, /\bdone\b/g]] as const) expect(script.match(open)?.length ?? 0).toBe(script.match(close)?.length ?? 0)
    }
  })
})
