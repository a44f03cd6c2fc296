import { z } from 'zod'
import { diskMethods, loaderMethods, type BootPath, type BootPathPatch } from '#contract/blackbox-api'
import type { Inventory } from '#contract/inventory'
import type { BootPathView } from '#netboot/site'
import type { MachineRecord } from '../../machines/record.ts'
import { disksOf, kindOf, loadersOf, wishPath, type Chooser, type PathWishes, type StoredPath, type WayCount } from './boot-path.ts'
import { chooseDisk, chooseLoader, choosePath, chooseWindow, type Choice } from './choose-path.ts'
import { judgeDiskBoot, learnBoot } from './learn-path.ts'
import type { Session } from '../sessions.ts'

/** What is learned of how kinds of machines boot, kept over restarts. */
export interface PathBook {
  /** How a machine boots; undefined where nothing is known of its kind. Synchronous: netboot asks it for each packet. */
  pathFor(machine: MachineRecord): BootPathView | undefined
  /** Learns from a machine's boots; each boot counts once, however often it is looked at. */
  learn(machine: MachineRecord, sessions: readonly Session[]): void
  list(machines: readonly MachineRecord[]): BootPath[]
  /** Sets what a person wishes; undefined: there is no such kind, a sentence: this firmware cannot have it. */
  wish(id: string, patch: BootPathPatch, chooser: Chooser): Promise<string | null | undefined>
}

/** Where the book is kept: one bucket of small facts. */
export interface PathStore { entries(bucket: string): { key: string; value: string }[]; put(bucket: string, key: string, value: string): Promise<void> }

const bucket = 'boot-path'
const judgedBucket = 'boot-path-judged'
const Count = z.object({ worked: z.number(), failed: z.number(), failedInRow: z.number(), lastAt: z.string() })
const By = z.object({ by: z.string(), at: z.string() })
const Stored = z.object({
  id: z.string(), manufacturer: z.string(), product: z.string(), firmware: z.enum(['bios', 'uefi']), secureBoot: z.boolean(), loader: z.string(), loaderBoots: z.number(), loaderMs: z.number().nullable(),
  loaders: z.object({ tftp: Count, http: Count }).partial().default({}), window: z.object({ most: z.number().nullable(), failedInRow: z.number() }).default({ most: null, failedInRow: 0 }),
  disk: z.object({ sanboot: Count, grub: Count, exit: Count }).partial(),
  wished: z.union([
    z.object({ loader: z.enum(loaderMethods), window: z.number().nullable(), disk: z.enum(diskMethods) }),
    // Before loaders and windows could be chosen it was the way into the disk alone.
    z.enum(diskMethods).transform((disk): PathWishes => ({ loader: 'auto', window: null, disk })),
  ]),
  choosers: z.object({ loader: By, window: By, disk: By }).partial().default({}),
})

/** Opens the book over its store. */
export function openPathBook(store: PathStore, broken: (error: unknown) => void): PathBook {
  const paths = new Map<string, StoredPath>()
  for (const { key, value } of store.entries(bucket)) {
    const parsed = Stored.safeParse(JSON.parse(value))
    // Without its undefined members, which JSON cannot have.
    if (parsed.success) paths.set(key, parsed.data as StoredPath)
  }
  /** Of each machine: up to which boot its loader and its way into the disk are counted. */
  const judged = new Map(store.entries(judgedBucket).map(({ key, value }) => [key, Number(value)] as const))
  /** Of each inventory, which never changes: naming its kind takes a digest, and each packet asks. */
  const ids = new WeakMap<Inventory, string>()
  const keep = (path: StoredPath): Promise<void> => {
    paths.set(path.id, path)
    return store.put(bucket, path.id, JSON.stringify(path))
  }
  function of({ inventory }: MachineRecord): StoredPath | undefined {
    if (inventory === null) return undefined
    const id = ids.get(inventory) ?? kindOf(inventory).id
    ids.set(inventory, id)
    return paths.get(id)
  }

  return {
    pathFor(machine) {
      const path = of(machine)
      return path === undefined ? undefined : choosePath(path)
    },
    learn(machine, sessions) {
      if (machine.inventory === null) return
      const kind = kindOf(machine.inventory)
      let path = paths.get(kind.id) ?? kind
      let countedMs = judged.get(machine.id) ?? 0
      const before = path
      for (const [index, session] of sessions.entries()) {
        if (session.startMs <= countedMs) continue
        const next = sessions[index + 1]
        // A boot that runs is counted when it has shown what it is: at its end, or when its ramdisk or its disk speaks.
        if (next === undefined && judgeDiskBoot(session, next) === undefined && !session.moments.some(({ kind: what }) => what === 'inventory')) break
        path = learnBoot(path, session, next)
        countedMs = session.startMs
      }
      if (path !== before || !paths.has(kind.id)) keep(path).catch(broken)
      if (countedMs !== (judged.get(machine.id) ?? 0)) {
        judged.set(machine.id, countedMs)
        store.put(judgedBucket, machine.id, String(countedMs)).catch(broken)
      }
    },
    list: (machines) => [...paths.values()].map((path) => renderPath(path, machines.filter((machine) => of(machine)?.id === path.id).map(({ name }) => name))).sort((a, b) => (a.id < b.id ? -1 : 1)),
    async wish(id, patch, chooser) {
      const path = paths.get(id)
      if (path === undefined) return undefined
      const wished = wishPath(path, patch, chooser)
      if (typeof wished === 'string') return wished
      await keep(wished)
      return null
    },
  }
}

/** A path as operators see it. */
function renderPath(path: StoredPath, machines: string[]): BootPath {
  const { id, manufacturer, product, firmware, secureBoot, wished } = path
  const shown = <T>(key: keyof PathWishes, choice: Choice<T>) => {
    const chooser = choice.source === 'person' ? path.choosers[key] : undefined
    return { ...choice, why: chooser === undefined ? choice.why : `${chooser.by} chose it.`, chosenBy: chooser?.by ?? null, chosenAt: chooser?.at ?? null }
  }
  const ways = <Way extends string>(methods: readonly Way[], counts: Readonly<Partial<Record<Way, WayCount>>>) =>
    methods.map((method) => ({ method, worked: counts[method]?.worked ?? 0, failed: counts[method]?.failed ?? 0, lastAt: counts[method]?.lastAt ?? '' }))
  return {
    id, manufacturer, product, firmware, secureBoot, machines, seen: { loader: path.loader, boots: path.loaderBoots, ms: path.loaderMs },
    loader: { wished: wished.loader, ...shown('loader', chooseLoader(path)), ways: ways(loadersOf(firmware), path.loaders) },
    window: { wished: wished.window, ...shown('window', chooseWindow(path)) },
    disk: { wished: wished.disk, ...shown('disk', chooseDisk(path)), ways: ways(disksOf(firmware), path.disk) },
  }
}
