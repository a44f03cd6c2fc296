import type { BootPath } from '#contract/blackbox-api'
import { renderTable, untrusted } from './table.ts'

/** How one kind of machine boots: what was seen, and each choice with where it comes from. */
export function renderBootPath(path: BootPath): string {
  const { seen, machines } = path
  const counts = (ways: readonly { method: string; worked: number; failed: number }[]): string => ways.map(({ method, worked, failed }) => `${method} ${worked}/${failed}`).join(', ')
  const from = ({ source }: Pick<BootPath['disk'], 'source'>): string => (source === 'person' ? 'chosen' : source)
  const rows = [
    ['loader', path.loader.used === 'auto' ? 'as its firmware asks' : path.loader.used, from(path.loader), path.loader.why, counts(path.loader.ways)],
    ['TFTP window', path.window.used === null ? 'as its firmware asks' : `at most ${path.window.used}`, from(path.window), path.window.why, ''],
    ['disk', path.disk.used, from(path.disk), path.disk.why, counts(path.disk.ways)],
  ]
  const kind = `${path.manufacturer} ${path.product}, ${path.firmware === 'bios' ? 'BIOS' : 'UEFI'}${path.secureBoot ? ', Secure Boot' : ''}`
  const last = seen.loader === '' ? 'no loader seen yet' : `${seen.loader}${seen.ms === null ? '' : ` in ${seen.ms} ms`}, ${seen.boots === 1 ? 'one boot' : `${seen.boots} boots in a row`}`
  const title = `${kind}: ${machines.length === 0 ? 'no machine now' : machines.join(', ')}; ${last}`
  return `${path.id}\n${untrusted(title)}\n${renderTable(['CHOICE', 'USED', 'FROM', 'WHY', 'WORKED / FAILED'], rows)}`
}
