import { z } from 'zod'
import { diskMethods, type BootPath, type DiskMethod } from '#contract/blackbox-api'
import type { DiskBoot } from '#netboot/site'
import type { MachineRecord } from '../machines/record.ts'
import { chooseWay, judgeDiskBoot, kindOf, learnDisk, learnLoader, waysOf, type StoredPath } from './boot-path.ts'
import type { Session } from './sessions.ts'

/** What is learned of how kinds of machines boot, kept over restarts. */
export interface PathBook {
  /** How a machine is handed over to its disk; undefined where nothing is known of its kind. Synchronous: netboot asks it for each script. */
  wayFor(machine: MachineRecord): DiskBoot | undefined
  /** Learns from a machine's boots; each boot counts once, however often it is looked at. */
  learn(machine: MachineRecord, sessions: readonly Session[]): void
  list(machines: readonly MachineRecord[]): BootPath[]
  /** Sets what a person wishes; undefined: there is no such kind, a sentence: this firmware has no such way. */
  wish(id: string, wished: DiskMethod): Promise<string | null | undefined>
}

/** Where the book is kept: one bucket of small facts. */
export interface PathStore { entries(bucket: string): { key: string; value: string }[]; put(bucket: string, key: string, value: string): Promise<void> }

const bucket = 'boot-path'
const judgedBucket = 'boot-path-judged'
const Count = z.object({ worked: z.number(), failed: z.number(), failedInRow: z.number(), lastAt: z.string() })
const Stored = z.object({
  id: z.string(), manufacturer: z.string(), product: z.string(), firmware: z.enum(['bios', 'uefi']), secureBoot: z.boolean(), loader: z.string(), loaderBoots: z.number(), loaderMs: z.number().nullable(),
  disk: z.object({ sanboot: Count, grub: Count, exit: Count }).partial(), wished: z.enum(diskMethods),
})

/** Opens the book over its store. */
export function openPathBook(store: PathStore, broken: (error: unknown) => void): PathBook {
  const paths = new Map<string, StoredPath>()
  for (const { key, value } of store.entries(bucket)) {
    const parsed = Stored.safeParse(JSON.parse(value))
    if (parsed.success) paths.set(key, { ...parsed.data, disk: parsed.data.disk as StoredPath['disk'] })
  }
  /** Of each machine: up to which boot its loader and its way into the disk are counted. */
  const judged = new Map(store.entries(judgedBucket).map(({ key, value }) => [key, Number(value)] as const))
  const keep = (path: StoredPath): Promise<void> => {
    paths.set(path.id, path)
    return store.put(bucket, path.id, JSON.stringify(path))
  }
  const of = (machine: MachineRecord): StoredPath | undefined => (machine.inventory === null ? undefined : paths.get(kindOf(machine.inventory).id))

  return {
    wayFor(machine) {
      const path = of(machine)
      return path === undefined ? undefined : chooseWay(path).way
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
        const disk = judgeDiskBoot(session, next)
        const learned = disk === undefined ? learnLoader(path, session) : learnDisk(learnLoader(path, session), disk, new Date(session.startMs).toISOString())
        // A boot that runs is counted when it has shown what it is: at its end, or when its ramdisk or its disk speaks.
        if (disk === undefined && next === undefined && !session.moments.some(({ kind: what }) => what === 'inventory')) break
        path = learned
        countedMs = session.startMs
      }
      if (path !== before || !paths.has(kind.id)) keep(path).catch(broken)
      if (countedMs !== (judged.get(machine.id) ?? 0)) {
        judged.set(machine.id, countedMs)
        store.put(judgedBucket, machine.id, String(countedMs)).catch(broken)
      }
    },
    list: (machines) => [...paths.values()].map((path): BootPath => {
      const { way, why } = chooseWay(path)
      return {
        id: path.id, manufacturer: path.manufacturer, product: path.product, firmware: path.firmware, secureBoot: path.secureBoot, machines: machines.filter((machine) => of(machine)?.id === path.id).map(({ name }) => name),
        loader: path.loader, loaderBoots: path.loaderBoots, loaderMs: path.loaderMs, wished: path.wished, used: way, why,
        disk: waysOf(path.firmware).map((method) => ({ method, worked: path.disk[method]?.worked ?? 0, failed: path.disk[method]?.failed ?? 0, lastAt: path.disk[method]?.lastAt ?? '' })),
      }
    }).sort((a, b) => (a.id < b.id ? -1 : 1)),
    async wish(id, wished) {
      const path = paths.get(id)
      if (path === undefined) return undefined
      if (wished !== 'auto' && !waysOf(path.firmware).includes(wished)) return `A ${path.firmware === 'bios' ? 'BIOS' : 'UEFI'} machine has no way “${wished}”: choose auto, ${waysOf(path.firmware).join(' or ')}.`
      // What failed before is asked anew: a person changed something.
      const disk = Object.fromEntries(Object.entries(path.disk).map(([way, count]) => [way, { ...count, failedInRow: 0 }]))
      await keep({ ...path, wished, disk })
      return null
    },
  }
}
