import { createHash } from 'node:crypto'
import type { BootPathPatch, DiskMethod, LoaderMethod } from '#contract/blackbox-api'
import type { Inventory } from '#contract/inventory'
import type { DiskBoot, LoaderBoot } from '#netboot/site'

/** How often one way worked and failed. */
export interface WayCount { readonly worked: number; readonly failed: number; readonly failedInRow: number; readonly lastAt: string }

/** What a person chose; `auto` and null: nothing. */
export interface PathWishes { readonly loader: LoaderMethod; readonly window: number | null; readonly disk: DiskMethod }

/** Who chose it and when, ISO 8601 in UTC. */
export interface Chooser { readonly by: string; readonly at: string }

/** What is kept of one kind of machine. Never changed in place. */
export interface StoredPath {
  readonly id: string
  readonly manufacturer: string
  readonly product: string
  readonly firmware: 'bios' | 'uefi'
  readonly secureBoot: boolean
  /** How the loader came at the last boot, in words; how many boots in a row it did so, and how long it took. */
  readonly loader: string
  readonly loaderBoots: number
  readonly loaderMs: number | null
  readonly loaders: Readonly<Partial<Record<LoaderBoot, WayCount>>>
  /** The largest TFTP window that is still trusted (null: any), and how often in a row one has failed since. */
  readonly window: { readonly most: number | null; readonly failedInRow: number }
  readonly disk: Readonly<Partial<Record<DiskBoot, WayCount>>>
  readonly wished: PathWishes
  readonly choosers: Readonly<Partial<Record<keyof PathWishes, Chooser>>>
}

/** Failed so often in a row, a way is left for the next one. */
export const enough = 2

/** The ways of a firmware into the disk, the one to begin with first. */
export const disksOf = (firmware: 'bios' | 'uefi'): readonly DiskBoot[] => (firmware === 'bios' ? ['sanboot', 'exit'] : ['grub', 'exit'])

/** The ways of a firmware to its loader. */
export const loadersOf = (firmware: 'bios' | 'uefi'): readonly LoaderBoot[] => (firmware === 'bios' ? ['tftp'] : ['http', 'tftp'])

/** Nothing chosen by anybody. */
export const noWishes: PathWishes = { loader: 'auto', window: null, disk: 'auto' }

/** The kind of a machine: all with one id boot alike. */
export function kindOf(inventory: Pick<Inventory, 'manufacturer' | 'product' | 'firmware' | 'secureBoot'>): StoredPath {
  const { manufacturer, product, firmware, secureBoot } = inventory
  const words = `${manufacturer} ${product}`.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-').replaceAll(/^-+|-+$/g, '').slice(0, 48)
  const mark = createHash('sha256').update(JSON.stringify([manufacturer, product])).digest('hex').slice(0, 6)
  return {
    id: `${firmware}${secureBoot ? '-secure' : ''}-${words === '' ? 'unnamed' : words}-${mark}`, manufacturer, product, firmware, secureBoot,
    loader: '', loaderBoots: 0, loaderMs: null, loaders: {}, window: { most: null, failedInRow: 0 }, disk: {}, wished: noWishes, choosers: {},
  }
}

/**
 * The path as a person wishes it, or a sentence that says why its firmware cannot have that. What was learned stays, so that a choice can be
 * taken back; where there is no choice to take back, `auto` and null forget failures, and what failed is tried anew.
 */
export function wishPath(path: StoredPath, patch: BootPathPatch, chooser: Chooser): StoredPath | string {
  const name = path.firmware === 'bios' ? 'BIOS' : 'UEFI'
  const lacks = (what: string, wish: string | undefined, had: readonly string[]): string | null =>
    (wish === undefined || wish === 'auto' || had.includes(wish) ? null : `A ${name} machine has no ${what} “${wish}”: choose ${['auto', ...had].join(' or ')}.`)
  const refused = lacks('loader by', patch.loader, loadersOf(path.firmware)) ?? lacks('way', patch.disk, disksOf(path.firmware))
  if (refused !== null) return refused
  const choosers = { ...path.choosers }
  const isAnew = { loader: false, window: false, disk: false }
  for (const key of ['loader', 'window', 'disk'] as const) {
    if (patch[key] === undefined) continue
    isAnew[key] = isNone(patch[key]) && isNone(path.wished[key])
    if (isNone(patch[key])) delete choosers[key]
    else choosers[key] = chooser
  }
  const { loader = path.wished.loader, window = path.wished.window, disk = path.wished.disk } = patch
  return {
    ...path, wished: { loader, window, disk }, choosers, loaders: isAnew.loader ? forgiven(path.loaders) : path.loaders, disk: isAnew.disk ? forgiven(path.disk) : path.disk,
    window: isAnew.window ? { most: null, failedInRow: 0 } : path.window,
  }
}

const isNone = (wish: PathWishes[keyof PathWishes] | undefined): boolean => wish === null || wish === 'auto'

function forgiven<Way extends string>(counts: Readonly<Partial<Record<Way, WayCount>>>): Partial<Record<Way, WayCount>> {
  const kept: Partial<Record<Way, WayCount>> = { ...counts }
  for (const way of Object.keys(kept) as Way[]) { const count = kept[way]; if (count !== undefined) kept[way] = { ...count, failedInRow: 0 } }
  return kept
}
