import path from 'node:path'
import type { FastifyInstance } from 'fastify'
import type { BootPathPatch } from '#contract/blackbox-api'
import { parseMac, type Mac } from '#contract/mac'
import type { Site } from '#netboot/site'
import type { Core } from '../core.ts'
import type { Networks } from '../networks/networks.ts'
import { renderBoot } from './boot-view.ts'
import { ruleContext } from './context.ts'
import { KernelWatch } from './kernel-watch.ts'
import { startLive } from './live.ts'
import { openPathBook } from './paths/path-book.ts'
import { openPacketStore } from './packet-store.ts'
import { addBlackboxRoutes } from './routes.ts'
import { openStories, type Whose } from './stories.ts'

/** The boot black box: what every machine said and was told, boot by boot, and what is wrong with it. */
export interface Blackbox {
  /** The site as netboot shall see it: its frames are recorded here, and each machine goes into its disk as its kind is known to. */
  watch(site: Site): Site
  /** Adds its routes to the operator API. */
  register(app: FastifyInstance): void
  close(): Promise<void>
}

/** What a person set, in words. */
const renderPatch = ({ loader, window, disk }: BootPathPatch): string => [
  ...(loader === undefined ? [] : [`loader ${loader}`]), ...(window === undefined ? [] : [`TFTP window ${window ?? 'auto'}`]), ...(disk === undefined ? [] : [`disk ${disk}`]),
].join(', ')

/** Opens the black box over the core, in `packets` below the state folder. */
export function openBlackbox(core: Core, networks: Networks): Blackbox {
  const { registry, journal, logs, broken, now } = core
  const packets = openPacketStore(path.join(core.config.stateDir, 'packets'), { isKnown: (mac) => registry.byMac(mac) !== undefined, now, broken })
  const stories = openStories({ packets, events: (query) => journal.read(query) })
  const paths = openPathBook(core.hot, broken)
  const kernels = new KernelWatch()
  const live = startLive({ registry, journal, stories, context: (machine) => ruleContext(core, networks, machine), looked: (machine, sessions) => paths.learn(machine, sessions), broken, now })
  const cards = new Map(registry.all().map((machine) => [machine.id, machine.macs]))
  const stops = [
    journal.subscribe((event) => { kernels.heard(event); live.heard(event) }),
    logs.subscribe((name, lines) => { for (const line of kernels.read(name, lines)) void journal.record(line) }),
    registry.subscribe((id, machine) => {
      if (machine !== undefined) return void cards.set(id, machine.macs)
      for (const mac of cards.get(id) ?? []) packets.remove(mac).catch(broken)
      cards.delete(id)
      kernels.forget(id)
    }),
  ]

  /** A machine by id, name or MAC, else a stranger whose packets are kept. */
  function find(named: string): (Whose & { name: string }) | undefined {
    const machine = registry.find(named)
    if (machine !== undefined) return { machineId: machine.id, macs: machine.macs, name: machine.name }
    const mac = parseMac(named)
    return mac !== undefined && packets.macs().some((one) => one.mac === mac) ? { machineId: null, macs: [mac], name: mac.replaceAll(':', '-') } : undefined
  }
  const bytesOf = (macs: readonly Mac[]): number => packets.macs().reduce((sum, { mac, bytes }) => (macs.includes(mac) ? sum + bytes : sum), 0)

  return {
    watch: (site) => ({
      ...site,
      record: (frames) => packets.add(frames),
      machine(mac) {
        const view = site.machine(mac)
        const machine = view === undefined ? undefined : registry.get(view.id)
        const bootPath = machine === undefined ? undefined : paths.pathFor(machine)
        return view === undefined || bootPath === undefined ? view : { ...view, bootPath }
      },
    }),
    register: (app) => addBlackboxRoutes(app, {
      async boots(named, limit) {
        const whose = find(named)
        if (whose === undefined) return undefined
        const { sessions } = await stories.whole(whose)
        const context = ruleContext(core, networks, whose.machineId === null ? undefined : registry.get(whose.machineId))
        const boots = sessions.flatMap((_, index) => (index < sessions.length - limit ? [] : renderBoot(sessions, index, context) ?? [])).reverse()
        return { machineId: whose.machineId, macs: [...whose.macs], recordedBytes: bytesOf(whose.macs), boots }
      },
      async capture(named) {
        const whose = find(named)
        return whose === undefined ? undefined : { name: whose.name, bytes: await packets.capture(whose.macs) }
      },
      bootPaths: () => paths.list(registry.all()),
      async wishPath(id, patch, by) {
        const at = new Date(now()).toISOString()
        const refused = await paths.wish(id, patch, { by, at })
        if (refused !== null) return refused
        const said = renderPatch(patch)
        await core.people.audit({ at, user: by, act: 'boot-path', target: id, detail: said })
        await journal.record({ machineId: null, kind: 'bootPath.changed', level: 'info', text: `${by} changed how machines of the kind ${id} boot: ${said}`, data: { id, ...patch, by } })
        return null
      },
      strangers: () => packets.macs().filter(({ mac }) => registry.byMac(mac) === undefined).map(({ mac, bytes, lastAtMs }) => ({ mac, lastSeenAt: new Date(lastAtMs).toISOString(), recordedBytes: bytes })),
    }),
    async close() {
      for (const stop of stops) stop()
      live.close()
      await packets.close()
    },
  }
}
