import { type BootPath, Boots } from '#contract/blackbox-api'
import type { Machine } from '#contract/operator-api'
import { renderBoot } from '#control/blackbox/boot-view'
import { splitSessions } from '#control/blackbox/sessions'
import type { Moment } from '#control/blackbox/moment'
import { agent, context, dhcp, discovery, storyTime, tftp, toRamdisk, toScript } from './made-story.ts'

const arp = (at: number, fromMachine: boolean): Moment => ({ kind: 'arp', atMs: storyTime(at), mac: null, seq: null, fromMachine, isAnswer: !fromMachine, asks: '10.77.0.1', teller: fromMachine ? '10.77.0.100' : '10.77.0.1' })

/**
 * The boots of a fixture's machine, by its phase, judged by the real rules: one that is only seen never takes its offers, one that failed
 * came back from its disk, every other one is healthy.
 */
export function makeBoots({ id, phase, macs }: Pick<Machine, 'phase' | 'macs'> & { id: string | null }): Boots {
  const [moments, now] = storyOf(phase)
  const shift = Date.now() - storyTime(now)
  const own = moments.map((moment): Moment => ({ ...moment, mac: macs[0] ?? null, atMs: moment.atMs + shift, ...('endMs' in moment ? { endMs: moment.endMs + shift } : {}) }))
  const sessions = splitSessions([...own].sort((a, b) => a.atMs - b.atMs), macs[0] ?? '')
  const boots = sessions.flatMap((_, index) => renderBoot(sessions, index, { ...context(0), nowMs: Date.now() }) ?? []).reverse()
  return Boots.parse({ machineId: id, macs, recordedBytes: 48_211, boots })
}

function storyOf(phase: Machine['phase']): [Moment[], number] {
  if (phase === 'seen') return [[0, 4, 12].flatMap((at) => [dhcp(at, 'discover'), dhcp(at + 0.0012, 'offer')]), 15]
  if (phase === 'failed') return [[...discovery(0), ...toScript(300, 'localDisk', 'Boots its installed system.'), ...toRamdisk(380).slice(0, 3), tftp(381.2, { endMs: storyTime(409), bytes: 61_000, end: 'aborted', retries: 9, error: '0 User aborted' })], 420]
  const deployed = [...discovery(0), ...toScript(400, 'localDisk', 'Boots its installed system.'), agent(440)]
  return [[...(phase === 'discovered' ? discovery(0) : deployed), arp(1.05, true), arp(1.06, false)], 500]
}

/** What a fixture has learned of two kinds of machines. */
export const makeBootPaths = (): BootPath[] => [
  { id: 'bios-qemu-pc-1a2b3c', manufacturer: 'QEMU', product: 'Standard PC (i440FX + PIIX, 1996)', firmware: 'bios', secureBoot: false, machines: ['manager-a', 'app-02'], loader: 'iPXE in the card', loaderBoots: 5, loaderMs: null, disk: [{ method: 'sanboot', worked: 3, failed: 0, lastAt: '2026-01-01T00:00:00Z' }, { method: 'exit', worked: 0, failed: 0, lastAt: '' }], wished: 'auto', used: 'sanboot', why: 'It worked 3 times.' },
  { id: 'uefi-dell-inc-poweredge-r640-4d5e6f', manufacturer: 'Dell Inc.', product: 'PowerEdge R640', firmware: 'uefi', secureBoot: false, machines: ['app-01'], loader: 'TFTP snponly.efi, window 4', loaderBoots: 2, loaderMs: 312, disk: [{ method: 'grub', worked: 0, failed: 2, lastAt: '2026-01-01T00:00:00Z' }, { method: 'exit', worked: 1, failed: 0, lastAt: '2026-01-01T00:00:00Z' }], wished: 'auto', used: 'exit', why: 'It worked once.' },
]
