import type { DiskBoot, LoaderBoot } from '#netboot/site'
import { enough, loadersOf, type StoredPath, type WayCount } from './boot-path.ts'
import { pathOf } from '../boot-view.ts'
import { askedBy, firmwareAnswers, wasSentOn } from './loader-way.ts'
import { diskSpoke, isLossy, loaderName, scriptOf, stageOf, tftpOf, type Session } from '../sessions.ts'

/** How one attempt went, by which way. */
export interface Judgement<Way> { readonly way: Way; readonly worked: boolean }

/** A machine that asks anew later than this was switched on again, whatever it did before. */
const soonMs = 10 * 60_000
const notYetScript: readonly string[] = ['asking', 'offered', 'addressed', 'loader']

/** What one boot shows of how its loader came; the same path where it shows nothing. */
function learnSeen(path: StoredPath, session: Session): StoredPath {
  const loader = pathOf(session)
  if (loader === '' || notYetScript.includes(stageOf(session))) return path
  const transfer = session.moments.find((moment) => (moment.kind === 'tftp' && moment.end === 'done') || (moment.kind === 'http' && /\.(efi|kpxe)$/.test(moment.path)))
  return { ...path, loader, loaderBoots: path.loader === loader ? path.loaderBoots + 1 : 1, loaderMs: transfer !== undefined && 'endMs' in transfer ? Math.round(transfer.endMs - transfer.atMs) : null }
}

/**
 * How the firmware's way to its loader went. A boot that got its script is proof; an attempt without one, after which the firmware began anew
 * within minutes, is the other. One that was sent on to the other way, and then asked in the same way again, speaks against the other way: its firmware does not have it.
 */
function judgeLoader(firmware: StoredPath['firmware'], session: Session, next: Session | undefined): Judgement<LoaderBoot> | undefined {
  const way = askedBy(session)
  if (way === undefined) return undefined
  if (!notYetScript.includes(stageOf(session))) return { way, worked: true }
  if (next === undefined || next.startMs - session.endMs > soonMs) return undefined
  if (!wasSentOn(session)) return firmwareAnswers(session).some(({ bootFile }) => bootFile !== '') ? { way, worked: false } : undefined
  const other = loadersOf(firmware).find((one) => one !== way)
  return other !== undefined && askedBy(next) === way ? { way: other, worked: false } : undefined
}

/** How a boot into the disk went: `undefined` where it was none, or where it may still go on. A system that answers is proof; a boot ROM that asks again within minutes, without one, is the other. */
export function judgeDiskBoot(session: Session, next: Session | undefined): Judgement<DiskBoot> | undefined {
  const script = scriptOf(session)
  if (script?.decision !== 'localDisk' || script.disk === null) return undefined
  if (diskSpoke(session)) return { way: script.disk, worked: true }
  return next !== undefined && next.startMs - script.atMs < soonMs ? { way: script.disk, worked: false } : undefined
}

/** The counts of all ways after one more attempt. */
function countWay<Way extends string>(counts: Readonly<Partial<Record<Way, WayCount>>>, { way, worked }: Judgement<Way>, at: string): Readonly<Partial<Record<Way, WayCount>>> {
  const before = counts[way] ?? { worked: 0, failed: 0, failedInRow: 0, lastAt: at }
  const after: WayCount = worked ? { ...before, worked: before.worked + 1, failedInRow: 0, lastAt: at } : { ...before, failed: before.failed + 1, failedInRow: before.failedInRow + 1, lastAt: at }
  return { ...counts, [way]: after }
}

/** What one boot teaches of TFTP windows: one that loses packets or ends early, twice in a row, is halved. */
function learnWindow(window: StoredPath['window'], session: Session): StoredPath['window'] {
  let learned = window
  for (const transfer of tftpOf(session)) {
    if (!loaderName.test(transfer.file) || transfer.windowSize <= 1) continue
    const failedInRow = transfer.end === 'aborted' || isLossy(transfer) ? learned.failedInRow + 1 : transfer.end === 'done' ? 0 : learned.failedInRow
    learned = failedInRow < enough ? { ...learned, failedInRow } : { most: Math.max(1, Math.floor(transfer.windowSize / 2)), failedInRow: 0 }
  }
  return learned
}

/** The path after one more boot, `next` being the one that followed. */
export function learnBoot(path: StoredPath, session: Session, next: Session | undefined): StoredPath {
  const at = new Date(session.startMs).toISOString()
  const [loader, disk] = [judgeLoader(path.firmware, session, next), judgeDiskBoot(session, next)]
  return {
    ...learnSeen(path, session), window: learnWindow(path.window, session),
    loaders: loader === undefined ? path.loaders : countWay(path.loaders, loader, at), disk: disk === undefined ? path.disk : countWay(path.disk, disk, at),
  }
}
