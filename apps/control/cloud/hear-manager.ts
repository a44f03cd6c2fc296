import type { CloudMachine } from '#control/roles/role'

/** Milliseconds after which nobody may be told that what was reported is still so: an agent reports every ten seconds. */
export const staleMs = 45_000

/** The Manager whose word on the Swarm is the newest, and why that word is none (null: it counts). */
export function hearManager(machines: readonly CloudMachine[], nowMs: number): { manager: CloudMachine | undefined; blindness: string | null } {
  const managers = machines.filter((m) => (m.role === 'manager' || m.report?.swarm?.role === 'manager') && m.report !== null)
  const newest = (among: readonly CloudMachine[]): CloudMachine | undefined => among.reduce<CloudMachine | undefined>((best, m) => (best === undefined || (m.reportedAtMs ?? 0) > (best.reportedAtMs ?? 0) ? m : best), undefined)
  const isFresh = (m: CloudMachine): boolean => nowMs - (m.reportedAtMs ?? 0) <= staleMs
  const inSwarm = managers.filter((m) => m.report?.swarm?.role === 'manager')
  const manager = newest(inSwarm.filter(isFresh)) ?? newest(managers)
  if (manager === undefined) return { manager, blindness: machines.some((m) => m.role === 'manager') ? 'no Manager has reported yet' : 'there is no Manager' }
  if (!isFresh(manager)) return { manager, blindness: `${manager.name} was last heard of at ${clock(manager.reportedAtMs ?? 0)}` }
  if (manager.report?.swarm?.role !== 'manager') return { manager, blindness: `Docker on ${manager.name} does not answer yet` }
  return { manager, blindness: null }
}

const clock = (atMs: number): string => `${new Date(atMs).toISOString().slice(11, 19)} UTC`
