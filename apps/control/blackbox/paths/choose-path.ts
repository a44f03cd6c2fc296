import type { ChoiceSource, LoaderMethod } from '#contract/blackbox-api'
import type { BootPathView, DiskBoot } from '#netboot/site'
import { disksOf, enough, loadersOf, type StoredPath, type WayCount } from './boot-path.ts'

/** What the next boot of a kind of machine gets, where that comes from, and why. */
export interface Choice<T> { readonly used: T; readonly source: ChoiceSource; readonly why: string }

const names = { tftp: 'TFTP', http: 'HTTP Boot' } as const
const chosen = <T>(used: T): Choice<T> => ({ used, source: 'person', why: 'A person chose it.' })
const isGood = (count: WayCount | undefined): boolean => (count?.failedInRow ?? 0) < enough
const times = (count: number): string => (count === 1 ? 'once' : `${count} times`)

/** In which way its firmware is given a loader. One way is left only for another that is known to work: no machine is ever left without any. */
export function chooseLoader({ firmware, loaders, wished }: Pick<StoredPath, 'firmware' | 'loaders' | 'wished'>): Choice<LoaderMethod> {
  const ways = loadersOf(firmware)
  if (wished.loader !== 'auto' && ways.includes(wished.loader)) return chosen(wished.loader)
  for (const bad of ways.filter((way) => !isGood(loaders[way]))) {
    const better = ways.find((way) => isGood(loaders[way]) && (loaders[way]?.worked ?? 0) > 0)
    if (better !== undefined) return { used: better, source: 'learned', why: `${names[bad]} failed ${times(loaders[bad]?.failed ?? 0)}, ${names[better]} worked ${times(loaders[better]?.worked ?? 0)}.` }
  }
  return { used: 'auto', source: 'usual', why: firmware === 'bios' ? 'A BIOS has TFTP only.' : 'Its firmware is answered in whichever way it asks.' }
}

/** How many TFTP blocks it gets before an answer; null: as many as it asks for. */
export function chooseWindow({ window, wished }: Pick<StoredPath, 'window' | 'wished'>): Choice<number | null> {
  if (wished.window !== null) return chosen(wished.window)
  return window.most === null ? { used: null, source: 'usual', why: 'It gets the window that its firmware asks for.' } : { used: window.most, source: 'learned', why: `Larger windows failed ${times(enough)} in a row.` }
}

/** By which way it goes into its disk. */
export function chooseDisk({ firmware, disk, wished }: Pick<StoredPath, 'firmware' | 'disk' | 'wished'>): Choice<DiskBoot> {
  const ways = disksOf(firmware)
  const [first = 'exit'] = ways
  if (wished.disk !== 'auto' && ways.includes(wished.disk)) return chosen(wished.disk)
  const proven = ways.find((way) => isGood(disk[way]) && (disk[way]?.worked ?? 0) > 0)
  if (proven !== undefined) return { used: proven, source: 'learned', why: `It worked ${times(disk[proven]?.worked ?? 0)}.` }
  const untried = ways.find((way) => isGood(disk[way]))
  if (untried === undefined) return { used: first, source: 'usual', why: 'Every way failed so far: this is the usual one of its firmware.' }
  return untried === first ? { used: first, source: 'usual', why: 'It is the usual one of its firmware.' } : { used: untried, source: 'learned', why: `The way before it (${first}) failed ${times(disk[first]?.failed ?? 0)}.` }
}

/** All of it as netboot takes it. */
export function choosePath(path: StoredPath): BootPathView {
  const [loader, window] = [chooseLoader(path).used, chooseWindow(path).used]
  return { disk: chooseDisk(path).used, ...(loader === 'auto' ? {} : { loader }), ...(window === null ? {} : { tftpWindow: window }) }
}
