import { createHash } from 'node:crypto'
import type { DiskMethod } from '#contract/blackbox-api'
import type { Inventory } from '#contract/inventory'
import type { DiskBoot } from '#netboot/site'
import { pathOf } from './boot-view.ts'
import { diskSpoke, scriptOf, stageOf, type Session } from './sessions.ts'

/** How often one way into the disk worked and failed. */
export interface WayCount { readonly worked: number; readonly failed: number; readonly failedInRow: number; readonly lastAt: string }

/** What is kept of one kind of machine. Never changed in place. */
export interface StoredPath {
  readonly id: string
  readonly manufacturer: string
  readonly product: string
  readonly firmware: 'bios' | 'uefi'
  readonly secureBoot: boolean
  readonly loader: string
  readonly loaderBoots: number
  readonly loaderMs: number | null
  readonly disk: Readonly<Partial<Record<DiskBoot, WayCount>>>
  readonly wished: DiskMethod
}

/** Failed so often in a row, a way is left for the next one. */
const enough = 2

/** The ways of a firmware into the disk, the one to begin with first. */
export const waysOf = (firmware: 'bios' | 'uefi'): readonly DiskBoot[] => (firmware === 'bios' ? ['sanboot', 'exit'] : ['grub', 'exit'])

/** The kind of a machine: all with one id boot alike. */
export function kindOf(inventory: Pick<Inventory, 'manufacturer' | 'product' | 'firmware' | 'secureBoot'>): StoredPath {
  const { manufacturer, product, firmware, secureBoot } = inventory
  const words = `${manufacturer} ${product}`.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-').replaceAll(/^-+|-+$/g, '').slice(0, 48)
  const mark = createHash('sha256').update(JSON.stringify([manufacturer, product])).digest('hex').slice(0, 6)
  return { id: `${firmware}${secureBoot ? '-secure' : ''}-${words === '' ? 'unnamed' : words}-${mark}`, manufacturer, product, firmware, secureBoot, loader: '', loaderBoots: 0, loaderMs: null, disk: {}, wished: 'auto' }
}

/** Which way the next boot into the disk takes, and why. */
export function chooseWay(path: Pick<StoredPath, 'firmware' | 'disk' | 'wished'>): { way: DiskBoot; why: string } {
  const ways = waysOf(path.firmware)
  const [first = 'exit'] = ways
  if (path.wished !== 'auto' && ways.includes(path.wished)) return { way: path.wished, why: 'A person chose it.' }
  const isGood = (way: DiskBoot): boolean => (path.disk[way]?.failedInRow ?? 0) < enough
  const proven = ways.find((way) => isGood(way) && (path.disk[way]?.worked ?? 0) > 0)
  if (proven !== undefined) return { way: proven, why: `It worked ${times(path.disk[proven]?.worked ?? 0)}.` }
  const untried = ways.find(isGood)
  if (untried === undefined) return { way: first, why: 'Every way failed so far: this is the usual one of its firmware.' }
  return { way: untried, why: untried === first ? 'It is the usual one of its firmware.' : `The way before it (${first}) failed ${times(path.disk[first]?.failed ?? 0)}.` }
}

/** What one boot teaches of the way of its loader; the same path where it teaches nothing. */
export function learnLoader(path: StoredPath, session: Session): StoredPath {
  const loader = pathOf(session)
  if (loader === '' || ['asking', 'offered', 'addressed', 'loader'].includes(stageOf(session))) return path
  const transfer = session.moments.find((moment) => (moment.kind === 'tftp' && moment.end === 'done') || (moment.kind === 'http' && /\.(efi|kpxe)$/.test(moment.path)))
  return { ...path, loader, loaderBoots: path.loader === loader ? path.loaderBoots + 1 : 1, loaderMs: transfer !== undefined && 'endMs' in transfer ? Math.round(transfer.endMs - transfer.atMs) : null }
}

/** How a boot into the disk went: `undefined` where it was none, or where it may still go on. A system that answers is proof; a boot ROM that asks again within minutes, without one, is the other. */
export function judgeDiskBoot(session: Session, next: Session | undefined): { way: DiskBoot; worked: boolean } | undefined {
  const script = scriptOf(session)
  if (script?.decision !== 'localDisk' || script.disk === null) return undefined
  if (diskSpoke(session)) return { way: script.disk, worked: true }
  return next !== undefined && next.startMs - script.atMs < 10 * 60_000 ? { way: script.disk, worked: false } : undefined
}

/** The path after one more boot into the disk. */
export function learnDisk(path: StoredPath, { way, worked }: { way: DiskBoot; worked: boolean }, at: string): StoredPath {
  const before = path.disk[way] ?? { worked: 0, failed: 0, failedInRow: 0, lastAt: at }
  const after: WayCount = worked ? { ...before, worked: before.worked + 1, failedInRow: 0, lastAt: at } : { ...before, failed: before.failed + 1, failedInRow: before.failedInRow + 1, lastAt: at }
  return { ...path, disk: { ...path.disk, [way]: after } }
}

const times = (count: number): string => (count === 1 ? 'once' : `${count} times`)
