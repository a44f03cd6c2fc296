import type { Logger } from 'pino'
import { resumeDeploys } from '#control/apps/deploy-app'
import type { AppDeps } from '#control/apps/deps'
import { keepImages } from '#control/apps/keep-images'
import { registerAppRoutes, viewApps } from '#control/apps/routes'
import { balancerWatch, watchApps } from '#control/apps/watch-apps'
import { registerBackupRoutes } from './backup/routes.ts'
import { clearLeftovers, takeStagedRestore } from './backup/state-archive.ts'
import { openBlackbox } from './blackbox/blackbox.ts'
import type { Config } from './config.ts'
import { openCore, type Core } from './core.ts'
import { hostsFile, renderHosts } from './hosts-file.ts'
import { makeMachineDeps, makeSite } from './machine-side.ts'
import { watchMachines } from './machines/watch.ts'
import { localNetworks } from './networks/network-config.ts'
import { openNetworks } from './networks/networks.ts'
import { makeFirstUser, makeOperatorDeps, managerAddress, renderCloud, version, type AppsPart } from './operator-side.ts'
import { serveBalancer, serveMachines, serveNetboot, serveOperators, type Listening } from './serve.ts'

/** A running control process. */
export interface Control {
  readonly core: Core
  readonly ports: { readonly operator: number; readonly machines: number }
  close(): Promise<void>
}

/** The journal's length: some weeks of a rack. */
const keptEvents = 200_000
/** The audit trail's: beyond 10,000 lines those of more than thirteen months go, and beyond 100,000 the oldest. */
const keptAudit = { most: 100_000, least: 10_000, days: 400 }
const restartMs = 2000

/** Builds everything, binds all sockets, serves. */
export async function startControl(config: Config, log: Logger): Promise<Control> {
  clearLeftovers(config.stateDir)
  const restored = takeStagedRestore(config.stateDir)
  const core = await openCore(config, log)
  if (restored !== undefined) await core.journal.record({ machineId: null, kind: 'state.restored', level: 'warn', text: renderRestored(restored), data: { at: restored.head.at, revocations: restored.revocations } })
  const networks = await openNetworks(core)
  await makeFirstUser(core)
  const stop = new AbortController()
  const apps = appsPart(core, stop.signal)
  const blackbox = openBlackbox(core, networks)
  const machineDeps = makeMachineDeps(core, networks)
  const operatorDeps = makeOperatorDeps(core, networks, { ...apps, register: (app) => { apps.register(app); blackbox.register(app); registerBackupRoutes(app, core, version, restart) } })
  // Interrupted deploys go on before machines can ask: an order that is not there yet would be taken back.
  core.start()
  const machines = await serveMachines(core, machineDeps, networks)
  const operators = await serveOperators(core, operatorDeps, () => renderCloud(core, apps.list()))
  const rest: Listening[] = [serveNetboot(core, blackbox.watch(makeSite(core, networks)), networks), serveBalancer(core)]

  const writeHosts = hostsFile(config.hostsDir)
  const nameAll = (): void => {
    try {
      writeHosts(renderHosts(core.registry.all(), [...new Set([config.address, ...localNetworks(core.book.networks()).map(({ address }) => address)])]))
    } catch (error) { // names are a comfort: the next change writes them again
      core.broken(error)
    }
  }
  nameAll()
  core.onCloud(nameAll)
  void core.library.run(stop.signal).catch(core.broken)
  void watchMachines({ registry: core.registry, world: core.world, reconciler: core.reconciler, look: (signal) => core.power.look(signal), onBroken: core.broken, now: core.now }, stop.signal)
  const prune = async (): Promise<void> => {
    await core.hot.prune(keptEvents)
    while (await core.people.pruneAudit({ ...keptAudit, before: new Date(core.now() - keptAudit.days * 86_400_000).toISOString() }));
  }
  const pruneSoon = (): void => void prune().catch(core.broken)
  pruneSoon()
  const pruning = setInterval(pruneSoon, 3600_000)
  log.info({ operator: operators.port, machines: machines.port, rssBytes: process.memoryUsage.rss() }, 'control.serving')
  return {
    core, ports: { operator: operators.port, machines: machines.port },
    async close() {
      stop.abort()
      clearInterval(pruning)
      for (const part of rest) await part.close()
      await Promise.all([operators.close(), machines.close()])
      await blackbox.close()
      await core.close()
    },
  }
}

const renderRestored = ({ head, revocations }: NonNullable<ReturnType<typeof takeStagedRestore>>): string => `The state of ${head.at} was restored. ${revocations === 'kept' ? 'What was revoked since then stays revoked.' : 'What was revoked since then is not known here: release or forget each machine whose agent must not be trusted any more.'}`

/** Ends this process as a signal would: whoever started it starts it again. */
const restart = (): void => {
  process.kill(process.pid, 'SIGTERM')
  // Machines' long questions would keep it for half a minute.
  setTimeout(() => process.exit(0), restartMs)
}

/** Apps, over what the core has. An app's log is kept beside the machines' logs, as `app-NAME`. */
function appsPart(core: Core, signal: AbortSignal): AppsPart {
  const deps: AppDeps = {
    dataDir: core.config.stateDir, door: () => ({ address: managerAddress(core) ?? null, loopbackPort: core.config.ports.balancer }), runtimeBaseDir: () => core.library.folder('runtime-base'), machines: () => core.targets.machines(), roleContext: (id) => core.targets.roleContext(id),
    apps: core.apps, tls: () => core.own, secret: core.secret, setting: core.setting, setSetting: core.setSetting, changed: core.changed, redraw: core.redrawCloud, balancer: balancerWatch(), now: core.now,
    record: (line) => void core.journal.record(line), log: (app, line) => core.logs.append(`app-${app}`, line), readLog: (app, after, limit) => core.logs.read(`app-${app}`, after, limit),
  }
  resumeDeploys(deps)
  void keepImages(deps, signal).catch(core.broken)
  void watchApps(deps, () => viewApps(deps), signal).catch(core.broken)
  return { register: (app) => registerAppRoutes(app, deps), list: () => viewApps(deps) }
}
