import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { randomBytes } from 'node:crypto'
import type { Logger } from 'pino'
import type { Machine } from '#contract/operator-api'
import { roles } from '#control/roles/index'
import type { ApplianceTls } from '#control/roles/role'
import { openAuthority } from './ca/authority.ts'
import type { Config } from './config.ts'
import { openJournal } from './events/journal.ts'
import { countWire } from './metrics.ts'
import { openMachineLogs } from './events/machine-logs.ts'
import { executors } from './execute/index.ts'
import type { StepWorld } from './execute/step.ts'
import { openLibrary } from './images/library.ts'
import { agentDesk } from './machines/agents/agents.ts'
import { claimDesk } from './machines/claims/held-claims.ts'
import { orderDesk } from './machines/ramdisk/orders.ts'
import { openPower } from './machines/acts/power-acts.ts'
import { ramdiskSessions } from './machines/ramdisk/sessions.ts'
import type { MachineRecord } from './machines/record.ts'
import { movedIfLegal } from './machines/phase.ts'
import { openRegistryOf } from './machines/registry.ts'
import { makeTargets } from './machines/agents/targets.ts'
import { renderMachine } from './machines/view.ts'
import { readNameServers } from './networks/host.ts'
import { openNetworkBook } from './networks/network-book.ts'
import { broadcastsTo, peopledSubnets, type Standing } from './networks/network-config.ts'
import { startReconciler } from './plan/reconcile.ts'
import { openHotStore } from './store/hot.ts'
import { migrate } from './store/migrate.ts'
import { NotStored } from './store/not-stored.ts'
import { openRegistry } from './store/registry-database.ts'
import { watchStorage } from './store/storage.ts'

/** Everything of control that has no socket: stores, machines, the loop. */
export type Core = Awaited<ReturnType<typeof openCore>>

/** Opens the stores, brings them up to date and builds the core over them. Deploys that a kill interrupted go on at `start`. */
export async function openCore(config: Config, log: Logger, now: () => number = Date.now) {
  mkdirSync(config.stateDir, { recursive: true, mode: 0o700 })
  const registryFile = path.join(config.stateDir, 'registry.db')
  const applied = migrate(registryFile, path.join(config.rootDir, 'prisma/migrations'))
  if (applied.length > 0) log.info({ applied }, 'store.migrated')
  const hot = openHotStore(path.join(config.stateDir, 'hot.db'))
  const database = openRegistry(registryFile)
  // The disk's trouble is logged when it begins and ends, not with each write that it costs.
  const broken = (error: unknown): void => { if (!(error instanceof NotStored)) log.error({ err: error }, 'control.broken') }
  const journal = openJournal(hot, now, broken)
  const logs = openMachineLogs(path.join(config.stateDir, 'logs'))
  const registry = await openRegistryOf(database.machines, await database.machines.load(), journal, now, broken)
  const { people, enrolments } = database
  const wire = countWire()
  const storage = watchStorage([hot, database])
  const revoked = new Set(await enrolments.revoked())

  const authority = await openAuthority(path.join(config.stateDir, 'ca'))
  const own: ApplianceTls = { ca: authority.pem, ...(await authority.own('server', { commonName: 'System Cloud appliance', dns: ['localhost'], ips: [...new Set(['127.0.0.1', config.address])] })) }
  const library = openLibrary({ dataDir: config.dataDir, stateDir: config.stateDir, builderSocket: config.sockets.builder, caPem: authority.pem, osImageIds: roles.entries.map((role) => role.imageId) })

  const secret = (name: string): string => {
    const kept = hot.get('secret', name)
    if (kept !== undefined) return kept
    const made = randomBytes(32).toString('base64url')
    void hot.put('secret', name, made)
    return made
  }
  const setting = (name: string): string | undefined => hot.get('setting', name)
  const setSetting = (name: string, value: string): Promise<void> => hot.put('setting', name, value)
  const apps = {
    list: () => hot.entries('app').map(({ key, value }) => ({ name: key, value: JSON.parse(value) as unknown })),
    find: (name: string) => { const value = hot.get('app', name); return value === undefined ? undefined : { name, value: JSON.parse(value) as unknown } },
    put: (name: string, value: unknown) => hot.put('app', name, JSON.stringify(value)),
    remove: (name: string) => hot.remove('app', name),
  }

  // In a lab the appliance itself answers for names; elsewhere the host's own servers do, where it has some.
  const standing: Standing = { interface: config.interface, address: config.address, cidr: config.cidr, mode: config.mode, nameServers: config.labDir === '' ? readNameServers() : [] }
  const policy = setting('network.policy')
  const book = await openNetworkBook(hot, standing, policy === 'ignore' || policy === 'discover' ? policy : undefined)

  const sessions = ramdiskSessions({ load: () => hot.entries('session').map(({ value }) => value), save: (mac, json) => void hot.put('session', mac, json), remove: (mac) => void hot.remove('session', mac) }, now)
  const claims = claimDesk({ load: () => hot.entries('claim').map(({ value }) => value), save: (key, json) => hot.put('claim', key, json), remove: (key) => void hot.remove('claim', key) }, now)
  const agents = agentDesk(hot, now)
  const orders = orderDesk(now)
  const shown = new Set<(machine: Machine) => void>()
  const cloudListeners = new Set<() => void>()
  const waiting = new Set<string>()
  /** Tells browsers, at most four times a second for each machine. */
  const show = (id: string): void => {
    if (waiting.has(id)) return
    waiting.add(id)
    setTimeout(() => {
      waiting.delete(id)
      const machine = registry.get(id)
      if (machine !== undefined) for (const listener of shown) listener(view(machine))
    }, 250)
  }
  const askAgent = (id: string): boolean => {
    const last = agents.last(id)
    if (last === undefined || !agents.isAlive(id)) return false
    setSetting(`restart.${id}`, last.report.bootId)
    agents.changed()
    return true
  }
  const power = openPower({ registry, orders, sessions, broadcasts: (address) => broadcastsTo(book.networks(), address), labDir: config.labDir, askAgent, changed: show })
  const targets = makeTargets({ registry, agents, address: config.address, subnets: (addresses) => peopledSubnets(book.networks(), addresses), caPem: authority.pem, tls: () => own, role: (id) => roles.find(id), apps: () => apps.list(), restartsItself: (m) => power.session(m).cycle === undefined, secret, setting, setSetting, now })

  const world: StepWorld = {
    orders, sessions, agents, now,
    power: (machine) => power.session(machine), role: (id) => roles.find(id), roleContext: (id) => targets.roleContext(id), target: (machine) => targets.target(machine),
    image: (id) => {
      const image = library.images().find((one) => one.id === id)
      return image === undefined ? { ready: false, error: 'it is not in the catalog any more', step: '' } : { ready: library.osManifest(id) !== undefined, error: image.state === 'failed' ? image.error : null, step: `${image.step}${image.percent === null ? '' : ` ${Math.round(image.percent)} %`}` }
    },
    attention: (id, text) => void registry.change(id, (m) => (m.attention === text ? m : { ...m, attention: text }), ...(text === null ? [] : [{ machineId: id, kind: 'person.asked', level: 'warn' as const, text, data: {} }])),
    services: (id, services) => {
      const before = JSON.stringify(registry.get(id)?.services.map((s) => [s.name, s.healthy]))
      const sick = services.filter((s) => !s.healthy)
      const isNews = before !== JSON.stringify(services.map((s) => [s.name, s.healthy]))
      void registry.change(id, (m) => ({ ...m, services }), ...(isNews ? [{ machineId: id, kind: 'services.checked', level: sick.length === 0 ? ('info' as const) : ('warn' as const), text: sick.length === 0 ? 'All services answer' : sick.map((s) => `${s.name}: ${s.detail}`).join('; '), data: {} }] : []))
    },
  }
  /** The end of a release: nothing of the old life counts any more. */
  const released = async (machine: MachineRecord): Promise<void> => {
    await revoke(machine.id)
    await registry.change(machine.id, (m) => ({ ...movedIfLegal(m, 'release.finished', now()), services: [], intent: { ...m.intent, role: null, imageId: null, diskSerial: null, erase: false, release: false } }),
      { machineId: machine.id, kind: 'release.finished', level: 'info', text: 'Released: it waits in the ramdisk for another role', data: {} })
    agents.changed()
  }
  const revoke = async (id: string): Promise<void> => {
    await enrolments.revokeAll(id, new Date(now()).toISOString())
    for (const serial of await enrolments.revoked()) revoked.add(serial)
    agents.forget(id)
  }
  const reconciler = startReconciler({ registry, executors, world, onProgress: show, released, now })
  const view = (m: MachineRecord): Machine =>
    renderMachine(m, { live: reconciler.live(m.id), last: agents.last(m.id), driver: power.driver(m), session: power.session(m), powerState: power.state(m.id), claims: claims.heldFor(m.id), lastSeq: journal.lastSeq() })
  const redrawCloud = (): void => { for (const listener of cloudListeners) listener() }
  registry.subscribe((id) => {
    show(id)
    redrawCloud()
  })

  const goOn = async (): Promise<void> => {
    await registry.resume()
    await journal.record({ machineId: null, kind: 'storage.recovered', level: 'warn', text: 'The disk of the appliance takes changes again', data: {} })
    for (const machine of registry.all()) reconciler.wake(machine.id)
  }
  storage.onChange((trouble) => {
    if (trouble === null) log.warn('storage.recovered')
    else log.error({ trouble }, 'storage.failed')
    if (trouble === null) goOn().catch(broken)
  })

  return {
    config, log, now, standing, book, hot, storage, wire, journal, logs, registry, people, enrolments, authority, own, library, sessions, claims, agents, orders, power, targets, world, reconciler, apps, secret, setting, setSetting, broken, view, revoke, show,
    isRevoked: (serial: string, machineId: string) => revoked.has(serial) || revoked.has(serial.replace(/^0+/, '')) || registry.get(machineId) === undefined,
    onMachine: (listener: (machine: Machine) => void) => { shown.add(listener); return () => shown.delete(listener) },
    onCloud: (listener: () => void) => { cloudListeners.add(listener); return () => cloudListeners.delete(listener) },
    /** Agents ask anew, browsers draw the cloud anew. */
    changed: () => {
      agents.changed()
      redrawCloud()
    },
    redrawCloud,
    start: () => { for (const machine of registry.all()) reconciler.wake(machine.id) },
    close: async () => {
      reconciler.stop()
      await registry.settled()
      logs.close()
      await hot.close()
      await database.close()
    },
  }
}
