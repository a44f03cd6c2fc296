import { Inventory } from '#contract/inventory'
import { parseMac } from '#contract/mac'
import { fault, ok, type Result } from '#contract/result'
import { decodeLldp } from './lldp.ts'

/** Why a ramdisk's facts were refused. `line` counts from 1. */
export type FactsFault =
  | { kind: 'facts-too-long'; characters: number; limit: number }
  | { kind: 'facts-line-malformed'; line: number }
  | { kind: 'facts-not-a-number'; line: number; key: string }
  | { kind: 'facts-out-of-place'; line: number; key: string }
  | { kind: 'facts-invalid'; field: string; message: string }

const limit = 512 * 1024
const sectorBytes = 512

type DiskDraft = { name: string; size: number; model: string; serial: string; wwn: string; rotational: boolean; removable: boolean; transport: string; contents: string }
type NicDraft = { name: string; mac: string; link: boolean; speed: number | null; driver: string; lldp: string }
type Draft = { single: Map<string, string>; disks: DiskDraft[]; nics: NicDraft[] }

/**
 * The inventory in the facts text that the ramdisk posts: lines `key<TAB>value` as `contract/machine-api` lists them.
 *
 * Keys that are not known are skipped, so that a newer ramdisk can say more. A UUID that firmware left at all zeros or all ones is null; a
 * card without an Ethernet address and an LLDP frame that does not decode are left out: neither may hide the machine.
 */
export function parseFacts(text: string): Result<Inventory, FactsFault> {
  if (text.length > limit) return fault({ kind: 'facts-too-long', characters: text.length, limit })
  const draft: Draft = { single: new Map(), disks: [], nics: [] }
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue
    const tab = line.indexOf('\t')
    if (tab < 1) return fault({ kind: 'facts-line-malformed', line: index + 1 })
    const why = takeLine(draft, line.slice(0, tab), line.slice(tab + 1).replace(/\r$/, ''), index + 1)
    if (why) return fault(why)
  }
  const parsed = Inventory.safeParse(composeInventory(draft))
  if (parsed.success) return ok(parsed.data)
  const issue = parsed.error.issues[0]
  return fault({ kind: 'facts-invalid', field: issue?.path.join('.') ?? '', message: issue?.message ?? '' })
}

/** What is wrong with the facts, as a sentence for the answer to the ramdisk and for the timeline. */
export function renderFactsFault(f: FactsFault): string {
  switch (f.kind) {
    case 'facts-too-long': return `The facts have ${f.characters} characters; at most ${f.limit} are taken.`
    case 'facts-line-malformed': return `Line ${f.line} of the facts is not "key<TAB>value".`
    case 'facts-not-a-number': return `Line ${f.line} of the facts: ${f.key} must be a number.`
    case 'facts-out-of-place': return `Line ${f.line} of the facts: ${f.key} must follow a "${f.key.split('.')[0]}" line.`
    case 'facts-invalid': return `The facts do not make an inventory: ${f.field || 'the whole'}: ${f.message}.`
  }
}

function takeLine(draft: Draft, key: string, value: string, line: number): FactsFault | undefined {
  if (key === 'disk') {
    draft.disks.push({ name: value, size: 0, model: '', serial: '', wwn: '', rotational: false, removable: false, transport: '', contents: '' })
    return undefined
  }
  if (key === 'nic') {
    draft.nics.push({ name: value, mac: '', link: false, speed: null, driver: '', lldp: '' })
    return undefined
  }
  if (key.startsWith('disk.')) return takeDiskLine(draft.disks.at(-1), key, value, line)
  if (key.startsWith('nic.')) return takeNicLine(draft.nics.at(-1), key, value, line)
  if ((key === 'cpu.count' || key === 'mem.kb') && parseCount(value) === undefined) return { kind: 'facts-not-a-number', line, key }
  draft.single.set(key, value)
  return undefined
}

function takeDiskLine(disk: DiskDraft | undefined, key: string, value: string, line: number): FactsFault | undefined {
  if (!disk) return { kind: 'facts-out-of-place', line, key }
  switch (key) {
    case 'disk.size': {
      const sectors = parseCount(value)
      if (sectors === undefined) return { kind: 'facts-not-a-number', line, key }
      disk.size = sectors * sectorBytes
      break
    }
    case 'disk.model': disk.model = value; break
    case 'disk.serial': disk.serial = value; break
    case 'disk.wwn': disk.wwn = value; break
    case 'disk.rotational': disk.rotational = value.trim() === '1'; break
    case 'disk.removable': disk.removable = value.trim() === '1'; break
    case 'disk.transport': disk.transport = value; break
    case 'disk.contents': disk.contents = value; break
  }
  return undefined
}

function takeNicLine(nic: NicDraft | undefined, key: string, value: string, line: number): FactsFault | undefined {
  if (!nic) return { kind: 'facts-out-of-place', line, key }
  switch (key) {
    case 'nic.mac': nic.mac = value.trim(); break
    case 'nic.link': nic.link = value.trim() === '1'; break
    // Quirk: the kernel says -1 or 4294967295 where a link has no speed; both mean "not known".
    case 'nic.speed': { const speed = parseCount(value); nic.speed = speed === undefined || speed === 0 || speed > 10_000_000 ? null : speed; break }
    case 'nic.driver': nic.driver = value; break
    case 'nic.lldp': nic.lldp = value; break
  }
  return undefined
}

function composeInventory({ single, disks, nics }: Draft): unknown {
  const say = (key: string): string => single.get(key) ?? ''
  const bootMac = parseMac(say('bootif').trim())
  return {
    uuid: parseDmiUuid(say('dmi.product_uuid')),
    manufacturer: say('dmi.sys_vendor'), product: say('dmi.product_name'), serial: say('dmi.product_serial'), assetTag: say('dmi.chassis_asset_tag'),
    firmware: say('firmware').trim(), firmwareVersion: say('dmi.bios_version'), secureBoot: say('secureboot').trim() === '1',
    cpuModel: say('cpu.model'), cpus: parseCount(say('cpu.count')), architecture: say('cpu.arch'),
    memoryBytes: (parseCount(say('mem.kb')) ?? Number.NaN) * 1024,
    disks: disks.map(({ size, ...disk }) => ({ ...disk, sizeBytes: size })),
    nics: nics.flatMap(({ speed, lldp, ...nic }) => {
      const mac = parseMac(nic.mac)
      if (!mac) return []
      const neighbour = lldp === '' ? undefined : decodeLldp(lldp)
      return [{ ...nic, mac, speedMbps: speed, boot: mac === bootMac, lldp: neighbour?.ok ? neighbour.value : null }]
    }),
    kernel: say('kernel'),
  }
}

/** A UUID as Linux prints it in /sys: already canonical (the kernel has swapped SMBIOS 2.6 and later), so only its case changes. */
function parseDmiUuid(text: string): string | null {
  const uuid = text.trim().toLowerCase()
  if (!/^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/.test(uuid)) return null
  return /^[0-]+$/.test(uuid) || /^[f-]+$/.test(uuid) ? null : uuid
}

/** A decimal count that a double holds exactly, or undefined. */
function parseCount(text: string): number | undefined {
  const trimmed = text.trim()
  return /^\d{1,15}$/.test(trimmed) ? Number(trimmed) : undefined
}
