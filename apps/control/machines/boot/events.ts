import { randomBytes } from 'node:crypto'
import { nextEntryFile, type BootEvent, type ClientFacts } from '#netboot/site'
import type { NewLine } from '../../events/journal.ts'
import type { MachineLogs } from '../../events/machine-logs.ts'
import type { Journal } from '../../events/journal.ts'
import { identify, inventName } from '../claims/identity.ts'
import type { RamdiskSessions } from '../ramdisk/sessions.ts'
import { newMachine, type MachineRecord } from '../record.ts'
import type { Registry } from '../registry.ts'

/** What the handler of wire events needs. */
export interface BootEventDeps {
  readonly registry: Registry
  readonly journal: Journal
  readonly logs: MachineLogs
  readonly sessions: RamdiskSessions
  readonly defaultDriver: string
  policy(networkId: string): 'discover' | 'ignore'
  /** Its firmware asks for an address: the machine was switched on. */
  heard(machineId: string): void
  /** The firmware fetched a script that sends it into its disk. */
  diskBooted(machineId: string): void
  /** The firmware was told to wait. */
  stuck(machineId: string): void
  otherServer(networkId: string, server: { address: string; mac: string | null; isHeard: boolean }): void
  addressServer(networkId: string, server: Omit<BootEvent & { kind: 'dhcp.addressServer' }, 'kind' | 'networkId'>): void
  otherServerGone(networkId: string, address: string): void
  lacksServer(networkId: string, lacks: boolean): void
  now(): number
}

const mebibytes = (bytes: number): string => (bytes < 1024 ** 2 ? `${Math.ceil(bytes / 1024)} KiB` : `${(bytes / 1024 ** 2).toFixed(1)} MiB`)

const describeClient = ({ kind, architecture }: ClientFacts): string => (kind === 'ipxe' ? 'iPXE' : kind === 'firmware' ? `firmware, ${architecture ?? 'unknown architecture'}` : 'system')

/** Firmware or iPXE asks for an address: the machine was switched on, or its loader goes on. */
const asksToBoot = (event: BootEvent): event is BootEvent & { kind: 'dhcp.discovered' | 'dhcp6.solicited' } => (event.kind === 'dhcp.discovered' || event.kind === 'dhcp6.solicited') && event.client.kind !== 'system'

/** A machine has an address that is not of our leases, as a sentence. */
export const addressSeen = (address: string): string => `Speaks from ${address}, which another DHCP server or a person gave it`

/** One wire event as a journal line, or undefined where operators need not hear of it. */
export function renderBootEvent(event: BootEvent): Omit<NewLine, 'machineId'> | undefined {
  const info = (text: string, data: Record<string, unknown> = {}, level: NewLine['level'] = 'info') => ({ kind: event.kind, level, text, data })
  /** An answer without a lease: beside the server that gives the addresses, or to a client that has its own. */
  const toldToBoot = ({ address, bootFile }: { address: string; bootFile: string | null }) => info(bootFile === null ? 'Is told the settings of its network' : `Is told to boot ${bootFile}`, { address, bootFile })
  switch (event.kind) {
    case 'dhcp.discovered': return info(`Asks for an address (${describeClient(event.client)})`, { client: event.client.kind, architecture: event.client.architecture })
    case 'dhcp.offered': return event.address === '0.0.0.0' ? toldToBoot(event) : info(event.bootFile === null ? `Is offered ${event.address}` : `Is offered ${event.address} and ${event.bootFile}`, { address: event.address, bootFile: event.bootFile })
    case 'dhcp.requested': case 'dhcp.addressServer': return undefined
    case 'dhcp.acked': return event.leaseSeconds === 0 ? toldToBoot(event) : info(`Has ${event.address}`, { address: event.address, leaseSeconds: event.leaseSeconds, bootFile: event.bootFile })
    case 'dhcp.naked': return info(`May not have ${event.address}: ${event.why}`, { address: event.address, why: event.why }, 'warn')
    case 'dhcp.declined': return info(`Says that somebody else uses ${event.address}`, { address: event.address }, 'warn')
    case 'dhcp.released': return info(`Gives ${event.address} back`, { address: event.address })
    case 'dhcp6.solicited': return info(`Asks for an IPv6 address (${describeClient(event.client)})`, { client: event.client.kind, architecture: event.client.architecture })
    case 'dhcp6.advertised': return info(event.bootFile === null ? `Is offered ${event.address}` : `Is offered ${event.address} and ${event.bootFile}`, { address: event.address, bootFile: event.bootFile })
    case 'dhcp6.bound': return info(`Has ${event.address}`, { address: event.address, leaseSeconds: event.leaseSeconds, bootFile: event.bootFile })
    case 'dhcp6.declined': return info(`Says that somebody else uses ${event.address}`, { address: event.address }, 'warn')
    case 'dhcp6.released': return info(`Gives ${event.address} back`, { address: event.address })
    case 'dhcp.otherServer': return info(`Another DHCP server answers on this network: ${event.address}`, { address: event.address }, 'warn')
    case 'dhcp.otherServerGone': return info(`The other DHCP server ${event.address} is gone`, { address: event.address })
    case 'dhcp.ignored': return info(`Gets no answer to its DHCP message: ${event.why}`, { reason: event.why }, 'warn')
    case 'address.seen': return info(addressSeen(event.address), { address: event.address })
    case 'dhcp.noServer': return info('No DHCP server gives addresses on a network of mode proxy: nothing can boot there', { network: event.networkId }, 'warn')
    case 'dhcp.serverFound': return info('Addresses are given again on a network that lacked them', { network: event.networkId })
    case 'dhcp.conflict': return info(`${event.address} is used by ${event.ownerMac}, which was never given it: ${event.clientMac === null ? '' : `${event.clientMac}, whose it is, gets another when it next asks, and `}it is left alone for a time`, { address: event.address, mac: event.ownerMac, client: event.clientMac }, 'warn')
    case 'dhcp.poolLow': return info(event.free === 0 ? `All ${event.size} addresses are given out` : `${event.free} of ${event.size} addresses are left`, { free: event.free, size: event.size }, 'warn')
    case 'tftp.started': return info(`Fetches ${event.file} by TFTP`, { file: event.file, sizeBytes: event.sizeBytes, blockSize: event.blockSize, windowSize: event.windowSize })
    case 'tftp.sent': return info(`Got ${event.file} by TFTP (${mebibytes(event.sizeBytes)} in ${(event.milliseconds / 1000).toFixed(1)} s)`, { file: event.file, sizeBytes: event.sizeBytes, milliseconds: event.milliseconds, retries: event.resends, roundTripMs: event.roundTripMs })
    case 'tftp.failed': return event.file === nextEntryFile ? info('Goes on to the next boot entry of its firmware', { file: event.file, why: event.why }) : info(`TFTP of ${event.file} ended: ${event.why}`, { file: event.file, why: event.why, bytes: event.sentBytes, retries: event.resends }, 'warn')
    case 'file.sent': return event.file.startsWith('chunks/') ? undefined : info(`${event.complete ? 'Got' : 'Got a part of'} ${event.file} by HTTP (${mebibytes(event.sizeBytes)} in ${(event.milliseconds / 1000).toFixed(1)} s)`, { file: event.file, sizeBytes: event.sizeBytes, milliseconds: event.milliseconds, complete: event.complete })
    case 'script.rendered': return info(`Boot script: ${event.why}`, { script: event.script, why: event.why, ...(event.disk === undefined ? {} : { disk: event.disk }) })
    case 'log.lines': return undefined
    case 'datagrams.dropped': return event.reason === 'policy-ignore' || event.reason === 'not-pxe' ? undefined : info(`${event.count} datagrams to ${event.receiver} dropped: ${event.reason}`, { count: event.count, reason: event.reason }, 'debug')
  }
}

/** Turns what happens on the wire into machines, journal lines and log lines. Never throws, never blocks. */
export function bootEventHandler(deps: BootEventDeps): (event: BootEvent) => void {
  const { registry, now } = deps
  const fresh = new Set<string>()

  function meet(mac: string, uuid: string | null, networkId: string): MachineRecord | undefined {
    const found = identify(registry.census, registry.byMac(mac), uuid, now())
    if (found.kind === 'known') {
      if (!found.machine.macs.includes(mac)) void registry.change(found.machine.id, (m) => ({ ...m, macs: [...m.macs, mac] }))
      return found.machine
    }
    if (found.kind === 'refused' || deps.policy(networkId) === 'ignore') return undefined
    const at = new Date(now()).toISOString()
    const name = inventName(mac, (taken) => registry.find(taken) !== undefined)
    const machine: MachineRecord = {
      ...newMachine({ id: randomBytes(6).toString('hex'), name, mac, uuid, now: at, powerDriver: deps.defaultDriver }), phaseDeadline: new Date(now() + 10 * 60_000).toISOString(),
      problem: found.twinOf === null ? null : `It says the same UUID as ${found.twinOf.name}: they are kept apart by their network cards. Set another UUID where the firmware lets you.`,
    }
    void registry.add(machine)
    fresh.add(machine.id)
    return machine
  }

  return (event) => {
    if (event.kind === 'dhcp.otherServer') deps.otherServer(event.networkId, { address: event.address, mac: event.serverMac, isHeard: event.how !== 'choice' })
    if (event.kind === 'dhcp.addressServer') deps.addressServer(event.networkId, event)
    if (event.kind === 'dhcp.noServer' || event.kind === 'dhcp.serverFound') deps.lacksServer(event.networkId, event.kind === 'dhcp.noServer')
    if (event.kind === 'dhcp.otherServerGone') deps.otherServerGone(event.networkId, event.address)
    const mac = 'mac' in event ? event.mac : null
    let machine = mac === null ? undefined : registry.byMac(mac)
    if (machine === undefined && asksToBoot(event)) machine = meet(event.mac, event.client.uuid, event.networkId)
    if (machine === undefined && event.kind === 'script.rendered' && event.script === 'ramdisk') machine = meet(event.mac, event.client.uuid, '')
    if (machine === undefined) {
      const line = mac === null ? renderBootEvent(event) : undefined
      if (line !== undefined) void deps.journal.record({ machineId: null, ...line })
      return
    }
    const { id } = machine
    if (event.kind === 'address.seen' && observed(machine, event, now()).address === machine.address) return
    if (event.kind === 'log.lines') {
      const at = new Date(now()).toISOString()
      for (const line of event.lines) deps.logs.append(id, { at, ...line })
      return
    }
    if (asksToBoot(event)) deps.heard(id)
    if (event.kind === 'script.rendered') {
      deps.sessions.rebooted(event.mac)
      if (event.script === 'localDisk') deps.diskBooted(id)
      if (event.script === 'wait') deps.stuck(id)
    }
    const line = renderBootEvent(event)
    if (line === undefined) return
    deps.logs.append(id, { at: new Date(now()).toISOString(), source: 'netboot', level: line.level, text: line.text })
    // The timeline begins with the packet itself: what we made of it comes second.
    const seen = fresh.delete(id) ? [{ machineId: id, kind: 'machine.seen', level: 'info' as const, text: `Seen for the first time (${mac})`, data: { mac } }] : []
    void registry.change(id, (m) => observed(m, event, now()), { machineId: id, ...line }, ...seen)
  }
}

function observed(machine: MachineRecord, event: BootEvent, nowMs: number): MachineRecord {
  const seen = { ...machine, lastSeenAt: new Date(nowMs).toISOString() }
  // An answer without a lease names the address that the client claims.
  if (event.kind === 'address.seen' || (event.kind === 'dhcp.acked' && event.leaseSeconds > 0)) return event.mac === machine.mac || machine.address === null ? { ...seen, address: event.address } : seen
  if (asksToBoot(event) && event.client.kind === 'firmware') return { ...seen, bootPath: event.client.architecture ?? '', firmware: event.client.architecture === null ? seen.firmware : event.client.architecture === 'bios' ? 'bios' : 'uefi' }
  if (event.kind === 'tftp.sent' || event.kind === 'tftp.started') {
    const [architecture] = seen.bootPath.split(', ')
    return { ...seen, bootPath: `${architecture ?? ''}, TFTP, ${event.file}` }
  }
  return seen
}
