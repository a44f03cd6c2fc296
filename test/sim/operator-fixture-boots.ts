import { type BootPath, type BootPathPatch, Boots } from '#contract/blackbox-api'
import type { Machine } from '#contract/operator-api'
import { renderBoot } from '#control/blackbox/boot-view'
import { splitSessions } from '#control/blackbox/sessions'
import type { Moment } from '#control/blackbox/moment'
import { agent, context, dhcp, discovery, storyTime, tftp, toRamdisk, toScript } from './made-story.ts'

const arp = (at: number, fromMachine: boolean): Moment => ({ kind: 'arp', atMs: storyTime(at), mac: null, seq: null, fromMachine, isAnswer: !fromMachine, asks: '10.77.0.1', teller: fromMachine ? '10.77.0.100' : '10.77.0.1' })

/** When the stories were told: a boot that is asked for again is the same boot. */
const toldAt = Date.now()

/**
 * The boots of a fixture's machine, by its phase, judged by the real rules: one that is only seen never takes its offers, one that failed
 * came back from its disk, every other one is healthy.
 */
export function makeBoots({ id, phase, macs }: Pick<Machine, 'phase' | 'macs'> & { id: string | null }): Boots {
  const [moments, now] = storyOf(phase)
  const shift = toldAt - storyTime(now)
  const own = moments.map((moment): Moment => ({ ...moment, mac: macs[0] ?? null, atMs: moment.atMs + shift, ...('endMs' in moment ? { endMs: moment.endMs + shift } : {}) }))
  const sessions = splitSessions([...own].sort((a, b) => a.atMs - b.atMs), macs[0] ?? '')
  const boots = sessions.flatMap((_, index) => renderBoot(sessions, index, { ...context(0), nowMs: toldAt }) ?? []).reverse()
  return Boots.parse({ machineId: id, macs, recordedBytes: 48_211, boots })
}

function storyOf(phase: Machine['phase']): [Moment[], number] {
  if (phase === 'seen') return [[0, 4, 12].flatMap((at) => [dhcp(at, 'discover'), dhcp(at + 0.0012, 'offer')]), 15]
  if (phase === 'failed') return [[...discovery(0), ...toScript(300, 'localDisk', 'Boots its installed system.'), ...toRamdisk(380).slice(0, 3), tftp(381.2, { endMs: storyTime(409), bytes: 61_000, end: 'aborted', retries: 9, error: '0 User aborted' })], 420]
  const deployed = [...discovery(0), ...toScript(400, 'localDisk', 'Boots its installed system.'), agent(440)]
  return [[...(phase === 'discovered' ? discovery(0) : deployed), arp(1.05, true), arp(1.06, false)], 500]
}

const free = { chosenBy: null, chosenAt: null }
const anyWindow: BootPath['window'] = { wished: null, used: null, source: 'usual', why: 'It gets the window that its firmware asks for.', ...free }

/** What a fixture has learned of two kinds of machines. */
export const makeBootPaths = (): BootPath[] => [
  {
    id: 'bios-qemu-pc-1a2b3c', manufacturer: 'QEMU', product: 'Standard PC (i440FX + PIIX, 1996)', firmware: 'bios', secureBoot: false, machines: ['manager-a', 'app-02'], seen: { loader: 'iPXE in the card', boots: 5, ms: null },
    loader: { wished: 'auto', used: 'auto', source: 'usual', why: 'A BIOS has TFTP only.', ...free, ways: [{ method: 'tftp', worked: 0, failed: 0, lastAt: '' }] }, window: anyWindow,
    disk: { wished: 'auto', used: 'sanboot', source: 'learned', why: 'It worked 3 times.', ...free, ways: [{ method: 'sanboot', worked: 3, failed: 0, lastAt: '2026-01-01T00:00:00Z' }, { method: 'exit', worked: 0, failed: 0, lastAt: '' }] },
  },
  {
    id: 'uefi-dell-inc-poweredge-r640-4d5e6f', manufacturer: 'Dell Inc.', product: 'PowerEdge R640', firmware: 'uefi', secureBoot: false, machines: ['app-01'], seen: { loader: 'TFTP snponly.efi, window 4', boots: 2, ms: 312 },
    loader: { wished: 'auto', used: 'tftp', source: 'learned', why: 'HTTP Boot failed 2 times, TFTP worked 2 times.', ...free, ways: [{ method: 'http', worked: 0, failed: 2, lastAt: '2026-01-01T00:00:00Z' }, { method: 'tftp', worked: 2, failed: 0, lastAt: '2026-01-01T00:00:00Z' }] },
    window: anyWindow,
    disk: { wished: 'auto', used: 'exit', source: 'learned', why: 'It worked once.', ...free, ways: [{ method: 'grub', worked: 0, failed: 2, lastAt: '2026-01-01T00:00:00Z' }, { method: 'exit', worked: 1, failed: 0, lastAt: '2026-01-01T00:00:00Z' }] },
  },
]

/** A path as the appliance shows it after a change: what is taken back is told as it was learned. */
export function changeBootPath(path: BootPath, patch: BootPathPatch, at: string): BootPath {
  const learned = makeBootPaths().find(({ id }) => id === path.id) ?? path
  const chosen = { source: 'person' as const, why: 'admin chose it.', chosenBy: 'admin', chosenAt: at }
  const { loader, window, disk } = patch
  return {
    ...path,
    loader: loader === undefined ? path.loader : loader === 'auto' ? learned.loader : { ...path.loader, wished: loader, used: loader, ...chosen },
    window: window === undefined ? path.window : window === null ? learned.window : { wished: window, used: window, ...chosen },
    disk: disk === undefined ? path.disk : disk === 'auto' ? learned.disk : { ...path.disk, wished: disk, used: disk, ...chosen },
  }
}
