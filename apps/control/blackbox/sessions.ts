import type { Mac } from '#contract/mac'
import type { BootStage } from '#contract/blackbox-api'
import { bootStages } from '#contract/blackbox-api'
import { endOf, type Dhcp6Moment, type DhcpMoment, type HttpMoment, type Moment, type TftpMoment } from './moment.ts'

/** One attempt to boot: everything from the firmware's first packet to the next attempt. */
export interface Session {
  readonly mac: Mac
  readonly startMs: number
  readonly endMs: number
  /** Whether another attempt came after it: nothing more will be added. */
  readonly isOver: boolean
  readonly moments: readonly Moment[]
}

/** A machine that asks again after so long was off or elsewhere meanwhile. */
const newBootMs = 5 * 60_000

/**
 * The boots in a story. A boot begins where a boot ROM asks for an address: its repeated questions belong to the same one, a question after
 * it had gone further is the next one. What comes before the first question of a ROM belongs to no boot and is left out.
 */
export function splitSessions(moments: readonly Moment[], mac: Mac): Session[] {
  const groups: { mac: Mac; moments: Moment[] }[] = []
  for (const moment of moments) {
    const open = groups.at(-1)
    if (isAsking(moment) && (open === undefined || beginsAnew(open, moment))) groups.push({ mac: moment.mac ?? mac, moments: [moment] })
    else open?.moments.push(moment)
  }
  return groups.map((group, index) => ({
    mac: group.mac, moments: group.moments, startMs: group.moments[0]?.atMs ?? 0, endMs: Math.max(...group.moments.map(endOf)), isOver: index < groups.length - 1,
  }))
}

const isAsking = (moment: Moment): moment is DhcpMoment | Dhcp6Moment => (moment.kind === 'dhcp' || moment.kind === 'dhcp6') && (moment.message === 'discover' || moment.message === 'solicit') && moment.client !== 'system'
const isGiven = (moment: Moment): moment is DhcpMoment | Dhcp6Moment => (moment.kind === 'dhcp' && moment.message === 'ack') || (moment.kind === 'dhcp6' && moment.message === 'reply')

function beginsAnew(open: { mac: Mac; moments: readonly Moment[] }, asking: DhcpMoment | Dhcp6Moment): boolean {
  if (asking.mac !== null && asking.mac !== open.mac) return true
  const last = open.moments.findLast((moment) => moment.kind !== 'event')
  if (last !== undefined && asking.atMs - endOf(last) > newBootMs) return true
  const before = open.moments.findLast(isAsking)
  // PXE after HTTP Boot, or the other way round: the next boot entry of its firmware.
  if (asking.client === 'firmware' && before?.client === 'firmware' && asking.architecture !== null && before.architecture !== null && asking.architecture !== before.architecture) return true
  // Firmware asks once a boot, and again only while it got nothing; iPXE asks after it was loaded, and again while it got nothing.
  // An address that it found in use and declined brought it nowhere.
  const kept = open.moments.slice(open.moments.findLastIndex((moment) => (moment.kind === 'dhcp' || moment.kind === 'dhcp6') && moment.message === 'decline') + 1)
  const wentOn = kept.some((moment) => asking.client === 'ipxe'
    ? moment.kind === 'script' || moment.kind === 'kernel' || moment.kind === 'inventory' || (isGiven(moment) && moment.client === 'ipxe' && asking.atMs - moment.atMs > 30_000)
    : moment.kind === 'tftp' || moment.kind === 'http' || moment.kind === 'connect' || moment.kind === 'script' || ((moment.kind === 'dhcp' || moment.kind === 'dhcp6') && moment.client === 'ipxe') || (isGiven(moment) && moment.client !== 'system'))
  return wentOn
}

/** The DHCP messages of a boot, of one type where it is given. */
export const dhcpOf = (session: Session, message?: DhcpMoment['message']): DhcpMoment[] => session.moments.filter((moment): moment is DhcpMoment => moment.kind === 'dhcp' && (message === undefined || moment.message === message))
/** Its DHCPv6 messages, of one type where it is given. */
export const dhcp6Of = (session: Session, message?: Dhcp6Moment['message']): Dhcp6Moment[] => session.moments.filter((moment): moment is Dhcp6Moment => moment.kind === 'dhcp6' && (message === undefined || moment.message === message))
/** What was said about addresses, of IPv4 and of IPv6. */
export const addressTalkOf = (session: Session): (DhcpMoment | Dhcp6Moment)[] => session.moments.filter((moment): moment is DhcpMoment | Dhcp6Moment => moment.kind === 'dhcp' || moment.kind === 'dhcp6')
/**
 * Beside another DHCP server: the request with which a client took its address there. That server's answer goes to the client alone, and is not
 * always seen here.
 */
export const takenElsewhere = (session: Session, client: DhcpMoment['client'], ours: readonly string[]): DhcpMoment | undefined =>
  dhcpOf(session, 'request').findLast((moment) => moment.client === client && moment.server !== null && !ours.includes(moment.server) && moment.address !== '')
/** Its TFTP transfers but the questions for a size. */
export const tftpOf = (session: Session): TftpMoment[] => session.moments.filter((moment): moment is TftpMoment => moment.kind === 'tftp' && moment.end !== 'probe')
/** Its HTTP requests. */
export const httpOf = (session: Session): HttpMoment[] => session.moments.filter((moment): moment is HttpMoment => moment.kind === 'http')
/** The boot script it got last, or undefined. */
export const scriptOf = (session: Session): (Moment & { kind: 'script' }) | undefined => session.moments.findLast((moment): moment is Moment & { kind: 'script' } => moment.kind === 'script')

/** Whether the system on its disk was heard after the boot was sent there: its agent, or its own question for an address. */
export function diskSpoke(session: Session): boolean {
  const script = scriptOf(session)
  return script?.decision === 'localDisk' && session.moments.some((moment) => moment.atMs > script.atMs && (moment.kind === 'agent' || ((moment.kind === 'dhcp' || moment.kind === 'dhcp6') && moment.fromMachine && moment.client === 'system')))
}

/** What loaders are called, of all firmware. */
export const loaderName = /\.(efi|kpxe|kkpxe|pxe|0)$/i
/** Whether so many packets of a transfer were sent again that something on the way, or at its end, loses them. */
export const isLossy = ({ retries, bytes, blockSize }: TftpMoment): boolean => retries >= 5 && retries > Math.max(1, bytes / blockSize) / 50
const isKernel = (path: string): boolean => /vmlinuz|linux/i.test(path)
const isRamdisk = (path: string): boolean => /initrd|initramfs/i.test(path)
/** Whether a path is that of a boot script. */
export const isScript = (path: string): boolean => /\.ipxe$|\/boot\/[0-9a-f]{2}[:-]/i.test(path)

/** How far a boot came. */
export function stageOf(session: Session): BootStage {
  let best = 0
  const reach = (stage: BootStage): void => { best = Math.max(best, bootStages.indexOf(stage)) }
  for (const moment of session.moments) {
    switch (moment.kind) {
      case 'dhcp':
        if (moment.message === 'offer') reach('offered')
        if (moment.message === 'ack') reach('addressed')
        if (moment.client === 'ipxe') reach('loader')
        break
      case 'dhcp6':
        if (moment.message === 'advertise') reach('offered')
        if (moment.message === 'reply' && moment.address !== '') reach('addressed')
        if (moment.client === 'ipxe') reach('loader')
        break
      case 'tftp': if (moment.end !== 'probe' && moment.end !== 'refused') reach(isRamdisk(moment.file) ? 'ramdisk' : isKernel(moment.file) ? 'kernel' : isScript(moment.file) ? 'script' : 'loader'); break
      case 'http': if (moment.status === null || moment.status < 400) reach(isRamdisk(moment.path) ? 'ramdisk' : isKernel(moment.path) ? 'kernel' : isScript(moment.path) ? 'script' : 'loader'); break
      case 'script': reach('script'); break
      case 'kernel': reach('ramdisk'); break
      case 'inventory': reach('inventory'); break
      default: break
    }
  }
  if (diskSpoke(session)) reach('disk')
  return bootStages[best] ?? 'asking'
}

/** Nothing for so long: a boot has stopped. Ramdisks on slow machines unpack for a minute without a word. */
const stoppedMs = 3 * 60_000

/** What became of a boot by now. */
export function outcomeOf(session: Session, nowMs: number): 'running' | 'discovered' | 'disk' | 'waiting' | 'ignored' | 'stopped' {
  if (session.moments.some(({ kind }) => kind === 'inventory')) return 'discovered'
  const script = scriptOf(session)
  if (script?.decision === 'localDisk') return 'disk'
  if (script?.decision === 'ignore') return 'ignored'
  const isQuiet = session.isOver || nowMs - session.endMs > stoppedMs
  if (script?.decision === 'wait') return isQuiet ? 'stopped' : 'waiting'
  return isQuiet ? 'stopped' : 'running'
}
