import { describe, expect, test } from 'vitest'
import { agent, connect, context, dhcp, dhcp6, discovery, dora, dora6, event, http, ignored, inventory, kernel, script, storyTime, tftp, toRamdisk, toScript, unreachable } from '../../../../test/sim/made-story.ts'
import { nextEntryFile } from '#netboot/site'
import { diagnose, type RuleContext } from '../diagnose.ts'
import type { Moment } from '../moment.ts'
import { splitSessions } from '../sessions.ts'
import { rules } from './index.ts'

interface Told { readonly moments: readonly Moment[]; readonly context: RuleContext }
const told = (now: number, moments: readonly Moment[], more: Partial<RuleContext> = {}): Told => ({ moments, context: context(now, more) })
const look = ({ moments, context: known }: Told): string[] => {
  const sessions = splitSessions([...moments].sort((a, b) => a.atMs - b.atMs), 'x')
  return diagnose(sessions, sessions.length - 1, known).map(({ id }) => id)
}
/** The boot before the last one. */
const before = ({ moments, context: known }: Told): string[] => {
  const sessions = splitSessions([...moments].sort((a, b) => a.atMs - b.atMs), 'x')
  return diagnose(sessions, sessions.length - 2, known).map(({ id }) => id)
}
const machine = (more: Partial<NonNullable<RuleContext['machine']>>): Partial<RuleContext> => ({ machine: { ...context(0).machine!, ...more } })
const bios = { architecture: 0, architectureId: 'bios' } as const

const nextUrl = `http://10.77.0.1/files/${nextEntryFile}`
const asksHttp = (at: number, bootFile: string): Moment[] => [dhcp(at, 'discover', 'firmware', { architecture: 16 }), dhcp(at + 0.1, 'offer', 'firmware', { architecture: 16, bootFile })]

/** Each trouble as a boot, and beside it the boot that looks like it and is healthy. */
const cases: Readonly<Record<string, { sick: readonly Told[]; well: readonly Told[] }>> = {
  'other-server': {
    sick: [told(3, [dhcp(0, 'discover'), dhcp(0.1, 'offer'), dhcp(0.2, 'offer', 'firmware', { server: '10.77.0.5' })]), told(3, [dhcp(0, 'discover'), dhcp(0.1, 'offer'), dhcp(1, 'request', 'firmware', { server: '10.77.0.5' })])],
    well: [told(3, [dhcp(0, 'discover'), dhcp(0.1, 'offer', 'firmware', { server: '10.77.0.5', bootFile: '' }), dhcp(0.2, 'offer')], { mode: 'proxy' })],
  },
  'proxy-port-closed': { sick: [told(9, [...dora(0), unreachable(2, 4011)])], well: [told(9, [...dora(0), unreachable(2, 9)])] },
  'first-packets-lost': {
    sick: [told(3, [dhcp(0, 'discover', 'firmware', { secs: 28 }), dhcp(0.1, 'offer')]), told(50, [...dora(0), tftp(1.2), ...dora(34, 'ipxe')])],
    well: [told(3, [dhcp(0, 'discover'), dhcp(0.1, 'offer')]), told(3, [dhcp(0, 'discover', 'ipxe', { secs: 4 }), dhcp(0.1, 'offer', 'ipxe')])],
  },
  'policy-ignored': { sick: [told(3, [dhcp(0, 'discover'), ignored(0.1, 'policy-ignore')]), told(3, [dhcp(0, 'discover')], { machine: null, policy: 'ignore' })], well: [told(3, dora(0), { policy: 'ignore' })] },
  'out-of-addresses': { sick: [told(3, [dhcp(0, 'discover'), ignored(0.1, 'pool-full')]), told(3, [dhcp(0, 'discover'), dhcp(1, 'discover')], { freeAddresses: 0 })], well: [told(3, dora(0), { freeAddresses: 0 })] },
  'relay-unknown': { sick: [told(3, [dhcp(0, 'discover', 'firmware', { relay: '10.9.0.1' }), ignored(0.1, 'relay-unknown')]), told(3, [dhcp(0, 'discover', 'firmware', { relay: '10.9.0.1' }), dhcp(4, 'discover', 'firmware', { relay: '10.9.0.1' })])], well: [told(3, [dhcp(0, 'discover', 'firmware', { relay: '10.9.0.1' }), dhcp(0.1, 'offer')])] },
  'wrong-architecture': {
    sick: [told(3, [dhcp(0, 'discover', 'firmware', { architecture: 6, architectureId: null })]), told(3, [dhcp(0, 'discover', 'firmware', bios), dhcp(0.1, 'offer', 'firmware', { ...bios, server: '10.77.0.1', bootFile: 'snponly.efi' })])],
    well: [told(3, [dhcp(0, 'discover', 'firmware', bios), dhcp(0.1, 'offer', 'firmware', { ...bios, bootFile: 'undionly.kpxe' })])],
  },
  'loader-missing': { sick: [told(3, [dhcp(0, 'discover'), ignored(0.1, 'no-boot-file')]), told(3, [dhcp(0, 'discover')], { hasFile: () => false })], well: [told(1, [dhcp(0, 'discover')])] },
  'loader-left': {
    sick: [told(5, asksHttp(0, nextUrl)), told(12, [...dora(0).map((moment) => (moment.kind === 'dhcp' && moment.bootFile !== '' ? { ...moment, bootFile: nextEntryFile } : moment)), tftp(1.2, { end: 'refused', file: nextEntryFile, bytes: 0, error: '1 no such file' })]), told(200, asksHttp(0, nextUrl))],
    well: [told(5, asksHttp(0, 'http://10.77.0.1/files/snponly.efi')), told(5, [...asksHttp(0, nextUrl), ...dora(5)])],
  },
  'no-answer': { sick: [told(5, [dhcp(0, 'discover'), dhcp(2, 'discover'), dhcp(4, 'discover'), ignored(4, 'lease-not-stored')])], well: [told(2, [dhcp(0, 'discover'), dhcp(1, 'discover')])] },
  'offer-not-taken': {
    sick: [told(13, [0, 4, 12].flatMap((at) => [dhcp(at, 'discover'), dhcp(at + 0.001, 'offer')])), told(30, [dhcp(0, 'discover'), dhcp(0.001, 'offer')])],
    well: [told(4, [dhcp(0, 'discover'), dhcp(0.001, 'offer')]), told(4, [dhcp(0, 'discover', 'ipxe'), dhcp(0.001, 'offer', 'ipxe'), dhcp(1, 'discover', 'ipxe'), dhcp(1.001, 'offer', 'ipxe'), dhcp(3, 'request', 'ipxe')])],
  },
  'ipv6-other-server': {
    sick: [told(3, [dhcp6(0, 'solicit'), dhcp6(1, 'request', 'firmware', { server: '0003000102000000ff01' })]), told(3, [...dora6(0), dhcp6(0.2, 'advertise', 'firmware', { server: '0003000102000000ff01' })])],
    well: [told(3, dora6(0)), told(3, [...dora6(0), dhcp6(0.2, 'request', 'system', { server: '0003000102000000ff01' })]), told(3, [dhcp6(0, 'solicit'), dhcp6(1, 'request', 'firmware', { server: '0003000102000000ff01' })], { ownDuids: [] })],
  },
  'ipv6-offer-not-taken': {
    sick: [told(13, [0, 4, 12].flatMap((at) => [dhcp6(at, 'solicit'), dhcp6(at + 0.001, 'advertise')])), told(30, [dhcp6(0, 'solicit'), dhcp6(0.001, 'advertise')])],
    well: [told(4, [dhcp6(0, 'solicit'), dhcp6(0.001, 'advertise')]), told(30, [dhcp6(0, 'solicit'), dhcp6(0.001, 'advertise'), ...dora(1), tftp(3)])],
  },
  'ipv6-loader-never-fetched': { sick: [told(20, dora6(0))], well: [told(5, dora6(0)), told(20, [...dora6(0), tftp(1.2, { server: 'fd00:77::1' }), ...dora6(3, 'ipxe')])] },
  'no-address-server': {
    sick: [told(3, [dhcp(0, 'discover'), dhcp(0.1, 'offer', 'firmware', { address: '' })], { mode: 'proxy', lacksServer: true, ownDuids: [] }), told(90, [dhcp(0, 'discover'), dhcp(0.1, 'offer', 'firmware', { address: '' })], { mode: 'proxy', lacksServer: true })],
    well: [told(90, [dhcp(0, 'discover'), dhcp(0.1, 'offer', 'firmware', { address: '' }), ...dora6(30), tftp(32)], { mode: 'proxy', lacksServer: true }), told(3, [dhcp(0, 'discover'), dhcp(0.1, 'offer', 'firmware', { address: '' })], { mode: 'proxy' }), told(3, [dhcp(0, 'discover'), dhcp(0.1, 'offer', 'firmware', { address: '' }), dhcp(1, 'request', 'firmware', { server: '10.77.0.50' })], { mode: 'proxy', lacksServer: true })],
  },
  'nak-loop': { sick: [told(9, [dhcp(0, 'discover'), dhcp(0.1, 'offer'), ...[1, 2, 3].flatMap((at) => [dhcp(at, 'request'), dhcp(at + 0.1, 'nak', 'firmware', { bootFile: '' })])])], well: [told(9, [dhcp(0, 'discover'), dhcp(0.5, 'nak'), ...dora(1)])] },
  'address-in-use': { sick: [told(3, [...dora(0), dhcp(1.5, 'decline')])], well: [told(3, dora(0))] },
  'loader-never-fetched': { sick: [told(20, dora(0))], well: [told(5, dora(0)), told(20, [...dora(0), tftp(1.2), ...dora(3, 'ipxe')])] },
  'tftp-unanswered': { sick: [told(30, [...dora(0), tftp(1.2, { end: 'silent', bytes: 0, packets: 4, retries: 3 })])], well: [told(3, [...dora(0), tftp(1.2)])] },
  'tftp-refused': { sick: [told(30, [...dora(0), tftp(1.2, { end: 'refused', file: 'pxelinux.0', bytes: 0, error: '1 no such file' })])], well: [told(30, [...dora(0), tftp(1.2, { end: 'refused', file: 'revocations.efi' }), tftp(1.3), ...dora(3, 'ipxe'), http(4.1, '/boot.ipxe'), script(4.2, 'wait', 'The ramdisk is not built yet.')])] },
  'tftp-crawling': {
    sick: [told(60, [...dora(0), tftp(1.2, { endMs: storyTime(45), retries: 31 })]), told(20, [...dora(0), tftp(1.2, { end: 'open', bytes: 1468, retries: 4, endMs: storyTime(8) })])],
    well: [told(3, [...dora(0), tftp(1.2, { retries: 2 })])],
  },
  'tftp-aborted': {
    sick: [told(30, [...dora(0), tftp(1.2, { end: 'aborted', bytes: 60_000, error: '0 User aborted' })])],
    well: [told(30, [...dora(0), tftp(1.1, { end: 'probe', bytes: 0 }), tftp(1.2), ...dora(3, 'ipxe'), http(4.1, '/boot.ipxe')]), told(30, [...dora(0), tftp(1.1, { end: 'aborted', bytes: 512 }), tftp(1.2), ...dora(3, 'ipxe'), http(4.1, '/boot.ipxe')])],
  },
  'loader-did-not-start': { sick: [told(60, [...dora(0), tftp(1.2)]), told(60, [...dora(0), http(1.2, '/files/snponly.efi')], machine({ secureBoot: true }))], well: [told(10, [...dora(0), tftp(1.2)]), told(60, [...dora(0), tftp(1.2), ...dora(3, 'ipxe'), http(4.1, '/boot.ipxe')])] },
  'script-never-fetched': { sick: [told(40, [...dora(0), tftp(1.2), ...dora(3, 'ipxe')]), told(14, [...dora(0), tftp(1.2), ...dora(3, 'ipxe'), connect(4.1, 5)])], well: [told(6, [...dora(0), tftp(1.2), ...dora(3, 'ipxe')]), told(6, toScript(0))] },
  'ramdisk-not-built': { sick: [told(6, toScript(0, 'wait', 'The ramdisk is not built yet.'), { hasFile: (name) => name !== 'initrd.img' })], well: [told(6, toScript(0))] },
  'held': { sick: [told(6, toScript(0, 'wait', 'It came back from its disk too often.'))], well: [told(6, toScript(0))] },
  'download-stopped': {
    sick: [told(60, [...toScript(0), http(4.3, '/files/vmlinuz'), http(4.8, '/files/initrd.img', { end: 'cut', bytes: 9_000_000 })]), told(60, toScript(0))],
    well: [told(10, toScript(0)), told(60, toRamdisk(0))],
  },
  'slow-download': { sick: [told(90, [...toScript(0), http(4.3, '/files/vmlinuz'), http(5, '/files/initrd.img', { endMs: storyTime(75) })])], well: [told(9, toRamdisk(0))] },
  'kernel-panic': { sick: [told(9, [...toRamdisk(0), kernel(7, 'died', 'Kernel panic - not syncing: VFS: Unable to mount root fs')])], well: [told(14, discovery(0))] },
  'too-little-memory': { sick: [told(9, [...toRamdisk(0), kernel(7, 'alarm', 'Initramfs unpacking failed: write error')]), told(14, discovery(0), machine({ memoryBytes: 512 * 1024 ** 2 }))], well: [told(14, discovery(0), machine({ memoryBytes: 2 * 1024 ** 3 }))] },
  'ramdisk-silent': { sick: [told(300, toRamdisk(0))], well: [told(60, toRamdisk(0)), told(300, discovery(0))] },
  'ramdisk-mute': { sick: [told(200, [...toRamdisk(0), ...dora(9, 'system'), kernel(11, 'started', 'Linux')])], well: [told(30, [...toRamdisk(0), ...dora(9, 'system'), kernel(11, 'started', 'Linux')]), told(600, discovery(0))] },
  'clock-skew': { sick: [told(20, [...toRamdisk(0), kernel(9, 'alarm', 'curl: (60) SSL certificate problem: certificate is not yet valid')])], well: [told(14, discovery(0))] },
  'claim-held': { sick: [told(20, [...toRamdisk(0), event(9, 'claim.held', 'Two live machines claim one UUID.')])], well: [told(14, [...discovery(0), event(13, 'role.assigned', 'x')])] },
  'duplicate-uuid': { sick: [told(14, discovery(0), machine({ twin: 'other' }))], well: [told(14, discovery(0))] },
  'no-disk': { sick: [told(14, discovery(0), machine({ disks: 0 }))], well: [told(14, discovery(0), machine({ disks: 1 }))] },
  'disk-not-booted': { sick: [told(100, [...toScript(0, 'localDisk'), ...toScript(60, 'localDisk')])], well: [told(100, [...toScript(0, 'localDisk'), agent(40), ...toScript(60, 'localDisk')]), told(100, [...toScript(0, 'localDisk'), ...dora(30, 'system'), ...toScript(60, 'localDisk')]), told(9, toScript(0, 'localDisk'))] },
  'local-boot-failed': { sick: [told(30, [...toScript(0, 'localDisk'), script(9.5, 'localDisk'), script(15, 'localDisk')])], well: [told(30, [...toScript(0, 'localDisk'), script(4.4, 'localDisk'), agent(25)])] },
  'boot-loop': { sick: [told(200, [0, 40, 80, 120].flatMap((at) => toRamdisk(at)))], well: [told(200, [0, 40, 80, 120].flatMap((at) => discovery(at))), told(99, [0, 40].flatMap((at) => toRamdisk(at)).slice(0, -1))] },
}

describe('rules', () => {
  test('each has its boots here, and no two have one name', () => {
    expect(Object.keys(cases).sort()).toEqual(rules.map(({ id }) => id).sort())
    for (const { behind = [] } of rules) for (const id of behind) expect(rules.map((rule) => rule.id)).toContain(id)
  })
  test.each(Object.entries(cases).flatMap(([id, { sick }]) => sick.map((one, index) => ({ id, index, one }))))('$id is found ($index)', ({ id, one }) => expect(look(one)).toContain(id))
  test.each(Object.entries(cases).flatMap(([id, { well }]) => well.map((one, index) => ({ id, index, one }))))('$id is not where it is not ($index)', ({ one, id }) => expect(look(one)).not.toContain(id))
  test('says what happened and what to do, with evidence from the boot, in finished sentences', () => {
    for (const [id, { sick }] of Object.entries(cases)) for (const { moments, context: known } of sick) {
      const sessions = splitSessions([...moments].sort((a, b) => a.atMs - b.atMs), 'x')
      const found = diagnose(sessions, sessions.length - 1, known).find((one) => one.id === id)
      expect(found?.happened, id).toMatch(/^(iPXE |[A-Z0-9]).*\S$/)
      expect(found?.todo, id).toMatch(/^[A-Z].*\.$/)
      for (const moment of found?.evidence ?? []) expect(sessions.at(-1)?.moments).toContain(moment)
    }
  })
})

describe('in mode proxy the words are about the other server', () => {
  const [asks, ours, theirs] = [dhcp(0, 'discover'), dhcp(0.1, 'offer', 'firmware', { address: '' }), dhcp(0.2, 'offer', 'firmware', { server: '10.77.0.50', address: '10.77.0.63', bootFile: '' })]
  const words = (now: number, moments: readonly Moment[], more: Partial<RuleContext> = {}): string[] =>
    diagnose(splitSessions([...moments], 'x'), 0, context(now, { mode: 'proxy', ownDuids: [], ...more })).map(({ id, happened, todo }) => `${id}: ${happened} ${todo}`)
  test('that gives no address', () => expect(words(30, [asks, ours])).toEqual([expect.stringMatching(/^offer-not-taken: The firmware was told what to boot, and asked no server for an address: .*has it addresses left/) as string]))
  test('whose address is not taken', () => expect(words(30, [asks, ours, theirs])).toEqual([expect.stringMatching(/never asked for 10\.77\.0\.63, which 10\.77\.0\.50 offered\..*DHCP snooping/) as string]))
  test('that is not there: nothing else is said', () => expect(words(30, [asks, ours], { lacksServer: true })).toEqual([expect.stringMatching(/^no-address-server: .*Start the DHCP server of this network/) as string]))
  test('that says what to boot as well', () => expect(words(3, [asks, ours, dhcp(0.2, 'offer', 'firmware', { server: '10.77.0.50', address: '10.77.0.63', bootFile: 'theirs.0' })])).toEqual([expect.stringMatching(/^other-server: Another DHCP server, 10\.77\.0\.50, offered it something to boot\. Take the boot file .* out of the configuration of 10\.77\.0\.50/) as string]))
  const takes = (client: 'firmware' | 'ipxe'): Moment[] => [dhcp(0, 'discover', client), dhcp(0.1, 'offer', client, { address: '' }), dhcp(1, 'request', client, { server: '10.77.0.50', address: '10.77.0.63' })]
  const otherBootFiles = new Map([['10.77.0.50', 'theirs.0']])
  test.each(['firmware', 'ipxe'] as const)('that alone is heard by the machine, %s, and sends it elsewhere', (client) => {
    expect(words(5, takes(client), { otherBootFiles })).toEqual([])
    expect(words(12, takes(client), { otherBootFiles })).toEqual([expect.stringMatching(/^other-server: It took its address from 10\.77\.0\.50, which says what to boot as well, theirs\.0, and fetched nothing from this appliance\. Take the boot file/) as string])
    expect(words(12, [...takes(client), client === 'ipxe' ? script(2, 'wait') : tftp(2)], { otherBootFiles }).join(' ')).not.toContain('other-server')
  })
  test('that alone is heard by the machine, and nothing is fetched', () => {
    expect(words(30, takes('ipxe'))).toEqual([expect.stringMatching(/^script-never-fetched: iPXE has 10\.77\.0\.63, and no request for its boot script ever arrived/) as string])
    expect(words(30, takes('firmware'))).toEqual([expect.stringMatching(/^loader-never-fetched: It got 10\.77\.0\.63 and was told to fetch snponly\.efi/) as string])
  })
  test('whose address somebody else has', () => expect(words(3, [asks, ours, theirs, dhcp(1, 'decline', 'firmware', { server: '10.77.0.50', address: '10.77.0.63' })])[0]).toContain('out of the range of the DHCP server 10.77.0.50'))
})

describe('a cause hides what follows from it', () => {
  test('another server that was chosen, and the loader that was then never asked for', () => {
    expect(look(told(60, [dhcp(0, 'discover'), dhcp(0.1, 'offer'), dhcp(1, 'request', 'firmware', { server: '10.77.0.5' }), dhcp(1.1, 'ack', 'firmware', { server: '10.77.0.5' })]))).toEqual(['other-server'])
  })
  test('firmware that goes on to its other boot entry, as it shall, is no trouble; one that never does is', () => {
    const severity = (moments: Moment[], now: number): string[] => {
      const sessions = splitSessions([...moments].sort((a, b) => a.atMs - b.atMs), 'x')
      return diagnose(sessions, 0, context(now)).map((found) => `${found.id} ${found.severity}`)
    }
    expect(severity([...asksHttp(0, nextUrl), ...dora(5)], 8)).toEqual(['loader-left info'])
    expect(severity(asksHttp(0, nextUrl), 200)).toEqual(['loader-left error'])
  })
  test('a panic, and the ramdisk that then says nothing', () => expect(look(told(600, [...toRamdisk(0), kernel(7, 'died', 'Kernel panic')]))).toEqual(['kernel-panic']))
  test('a boot that another one followed is judged at once', () => expect(before(told(90, [...toRamdisk(0), ...toScript(60)]))).toEqual(['ramdisk-silent']))
})

describe('healthy boots have no diagnosis', () => {
  test.each([5, 15, 60, 300, 3600])('a discovery, looked at each second of its life and %i s after it', (after) => {
    const moments = discovery(0)
    for (let now = 0; now <= 12; now += 0.5) expect(look(told(now, moments.filter(({ atMs }) => atMs <= storyTime(now)))), String(now)).toEqual([])
    expect(look(told(12 + after, moments))).toEqual([])
  })
  test('a machine that is deployed: discovered, sent into its disk, and in its system', () => expect(look(told(400, [...discovery(0), ...toScript(200, 'localDisk'), agent(260)]))).toEqual([]))
  test('one on its way into its disk', () => expect(look(told(260, toScript(200, 'localDisk')))).toEqual([]))
  test('BIOS with iPXE in its card', () => {
    const own = { ...bios, bootFile: 'http://10.77.0.1/boot.ipxe' }
    expect(look(told(20, [dhcp(0, 'discover', 'ipxe', { ...bios, secs: 4 }), dhcp(1, 'discover', 'ipxe', { ...bios, secs: 8 }), dhcp(1.1, 'offer', 'ipxe', own), dhcp(3, 'request', 'ipxe', bios), dhcp(3.1, 'ack', 'ipxe', own), http(3.2, '/boot.ipxe'), script(3.3, 'ramdisk'), http(3.4, '/files/vmlinuz'), http(4, '/files/initrd.img'), inventory(12)]))).toEqual([])
  })
})
