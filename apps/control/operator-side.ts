import { existsSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { FastifyInstance } from 'fastify'
import type { App, Claim, Cloud, Machine } from '#contract/operator-api'
import { phases } from '#contract/lifecycle'
import { roles } from '#control/roles/index'
import type { Core } from './core.ts'
import { Refusal, type OperatorDeps } from './http/deps.ts'
import { renderMetrics } from './metrics.ts'
import { machineActs } from './machines/acts/acts.ts'
import { claimActs } from './machines/claims/claim-acts.ts'
import { renderTransfer } from './machines/boot/transfers.ts'
import type { Networks } from './networks/networks.ts'
import { powerDrivers } from './power/index.ts'
import { describeDriver } from './power/options.ts'
import { openKnownAddresses } from './people/known-addresses.ts'
import { hashPassword, makeOneTimePassword } from './people/password.ts'

/** What the apps module adds to the operator API. */
export interface AppsPart { register(app: FastifyInstance): void; list(): App[] }

/** This version of the appliance. */
export const version = '0.1.0'

/** The cloud as operators see it. */
export function renderCloud(core: Core, apps: readonly App[]): Cloud {
  const members = core.registry.all().filter((m) => m.intent.role !== null).map((m) => {
    const swarm = core.agents.last(m.id)?.report.swarm
    return { machineId: m.id, name: m.name, role: m.intent.role ?? '', phase: m.phase, address: m.address, services: [...m.services], swarmState: swarm === undefined ? '' : !core.agents.isAlive(m.id) ? 'not heard of' : swarm === null ? '' : swarm.role === '' ? 'not joined' : swarm.role }
  })
  const managers = members.filter((m) => m.role === 'manager')
  const mayFail = Math.floor((managers.length - 1) / 2)
  const quorum = managers.length === 0 ? 'There is no Manager yet.'
    : managers.length === 1 ? 'One Manager: while it is away, running apps go on but nothing can be changed.'
      : managers.length === 2 ? 'Two Managers: if either fails there is no quorum. Use one or three.'
        : `${managers.length} Managers: ${mayFail} may fail.`
  const balancer = managerAddress(core)
  return { members, apps: [...apps], quorum, loadBalancer: balancer === undefined ? null : `http://${balancer}` }
}

/** Address of the Manager that takes the cloud's traffic now: the primary where it is ready, else any that is. */
export function managerAddress(core: Core): string | undefined {
  const ready = core.registry.all().filter((m) => m.intent.role === 'manager' && !m.intent.release && m.address !== null && (m.phase === 'ready' || m.phase === 'silent'))
  const primary = core.setting('cloud.primary')
  return (ready.find((m) => m.id === primary) ?? ready.find((m) => m.phase === 'ready') ?? ready[0])?.address ?? undefined
}

/** Makes the first user with a password for one sign-in, left for whoever starts the appliance. */
export async function makeFirstUser(core: Core): Promise<void> {
  if ((await core.people.findUser('admin')) !== null) return
  const password = makeOneTimePassword()
  writeFileSync(path.join(core.config.stateDir, 'initial-password'), `${password}\n`, { mode: 0o600 })
  await core.people.saveUser({ name: 'admin', passwordHash: await hashPassword(password), mustChange: true, role: 'admin' })
}

/** The operator API's view of the core. */
export function makeOperatorDeps(core: Core, networks: Networks, apps: AppsPart): OperatorDeps {
  const { state, desk } = networks
  const { registry, library, journal, logs, people, now, power } = core
  const startedAt = new Date(now()).toISOString()
  const image = (id: string) => library.images().find((one) => one.id === id)
  const acts = machineActs({
    registry, agents: core.agents, context: { view: core.view, role: (id) => roles.find(id), roleContext: (id) => core.targets.roleContext(id) }, image, now,
    resetDiskBoots: (id) => state.resetDiskBoots(id), wake: (id) => core.reconciler.wake(id),
    forgotten: async (id) => {
      await core.revoke(id)
      core.sessions.end(id)
      core.claims.forget(id)
      logs.remove(id)
    },
  })
  const claims = claimActs({ registry, claims: core.claims, sessions: core.sessions, revoke: (id) => core.revoke(id), wake: (id) => core.reconciler.wake(id), changed: core.show, now })
  const viewOf = (id: string): Machine => {
    const machine = registry.get(id)
    if (machine === undefined) throw new Refusal(404, 'The machine was forgotten meanwhile.')
    return core.view(machine)
  }
  const audited = async (by: string, act: string, target: string, detail: string, work: () => Promise<unknown>): Promise<void> => {
    await work()
    await people.audit({ at: new Date(now()).toISOString(), user: by, act, target, detail })
  }
  const act = async (id: string, by: string, name: string, detail: string, work: () => Promise<unknown>): Promise<Machine> => {
    await audited(by, name, id, detail, work)
    return viewOf(id)
  }
  const decided = async (by: string, name: string, id: string, work: () => Promise<Claim>): Promise<Claim> => {
    const claim = await work()
    await people.audit({ at: new Date(now()).toISOString(), user: by, act: name, target: claim.machineId, detail: `${id} ${claim.mac}` })
    return claim
  }
  /** Why a network that came later is not served, in part or at all. */
  const unserved = (): string[] => [...(networks.served.netboot?.troubles() ?? []), ...(networks.served.doors?.troubles() ?? [])]
  const health = (): { ok: boolean; detail: string } => {
    const troubles = [...core.storage.troubles(), ...(state.trouble === null ? [] : [state.trouble])]
    // What only somebody on the network can mend is said, and is no reason to restart the appliance.
    const lonely = [...unserved(), ...networks.desk.all().filter(({ mode }) => mode === 'proxy').flatMap(({ notices }) => notices)]
    return troubles.length === 0 ? { ok: true, detail: ['running', ...lonely].join('. ') } : { ok: false, detail: [...troubles, ...lonely].join(' ') }
  }
  const warnings = (): string[] => [
    ...core.storage.troubles(),
    ...(state.trouble === null ? [] : [state.trouble]), ...unserved(),
    ...desk.all().flatMap(({ notices }) => notices),
    ...library.images().filter((one) => one.state === 'failed').map((one) => `The image ${one.title} could not be built: ${one.error ?? ''}`),
  ]

  return {
    version, now: () => new Date(now()), people, knownAddresses: openKnownAddresses(core.hot),
    status: () => ({
      version, startedAt, seq: journal.lastSeq(), networks: desk.all(), images: library.images(), warnings: warnings(),
      machines: Object.fromEntries(phases.map((phase) => [phase, registry.all().filter((m) => m.phase === phase).length])),
    }),
    machines: () => registry.all().map((m) => core.view(m)),
    machine: (named) => { const found = registry.find(named); return found === undefined ? undefined : core.view(found) },
    powerDrivers: () => powerDrivers.entries.map(describeDriver),
    claims: () => core.claims.list(),
    acceptClaim: (id, by) => decided(by, 'claim.accept', id, () => claims.accept(id, by)), rejectClaim: (id, by) => decided(by, 'claim.reject', id, () => claims.reject(id, by)),
    roles: () => roles.entries.map(({ id, title, summary, services, imageId }) => ({ id, title, summary, services: [...services], imageId })),
    images: () => library.images(), transfers: () => (networks.served.netboot?.transfers() ?? []).map((view) => renderTransfer(view, view.mac === null ? undefined : registry.byMac(view.mac))), networks: desk, cloud: () => renderCloud(core, apps.list()),
    plan: (id, wish) => acts.plan(id, wish),
    assign: (id, wish, by) => act(id, by, 'assign', wish.role, () => acts.assign(id, wish, by)),
    release: (id, wish, by) => act(id, by, 'release', wish.erase ? 'erase' : '', () => acts.release(id, wish, by)),
    retry: (id, by) => act(id, by, 'retry', '', () => acts.retry(id, by)),
    rename: (id, name, by) => act(id, by, 'rename', name, () => acts.rename(id, name, by)),
    power: (id, verb, by) => act(id, by, 'power', verb, () => power.act(id, verb, by)),
    setPowerDriver: (id, driver, options, by) => act(id, by, 'power-driver', driver, () => power.setDriver(id, driver, options, by)),
    forget: (id, by) => audited(by, 'forget', id, '', () => acts.forget(id, by)),
    events: (query) => ({ events: journal.read(query), lastSeq: journal.lastSeq() }),
    log: (id, after, limit) => logs.read(id, after, limit), logText: (id) => logs.text(id),
    passwordChosen() {
      const file = path.join(core.config.stateDir, 'initial-password')
      if (existsSync(file)) rmSync(file)
    },
    metrics: () => renderMetrics(core, health().ok), health,
    registerApps: (app) => apps.register(app),
  }
}
