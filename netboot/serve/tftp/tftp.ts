import type { Mac } from '#contract/mac'
import { decodeTftp, encodeTftp, tftpError } from '../../codec/tftp.ts'
import { chooseBootItem, type BootItem } from '../../policy/boot/choose-file.ts'
import { decideBoot } from '../../policy/boot/decide-boot.ts'
import { renderGrubEntry, renderGrubTrouble } from '../../policy/boot/render-grub.ts'
import { renderEntry } from '../../policy/boot/render-ipxe.ts'
import { windowLimit } from '../../policy/transfers/tftp-transfer.ts'
import type { NetbootLog, NetworkView, Site } from '../../site.ts'
import { bootScript, grubFacts, speaksForItself } from '../boot-script.ts'
import type { Drops } from '../drops.ts'
import { clientKey } from '../linux/datagrams.ts'
import type { MovedTransfer, TftpMover } from './tftp-mover-thread.ts'
import { transferLimit, type MoverSource } from './tftp-orders.ts'
import type { Sender, UdpPort } from '../linux/udp.ts'

/** Several machines may speak through one address, and a bench does. */
const limitPerClient = 64

/** What the TFTP server of one network works with. */
export interface TftpWorld {
  readonly site: Site
  readonly port: UdpPort
  readonly mover: TftpMover
  /** Where transfers are sent from: ports of the mover's. */
  readonly sources: readonly number[]
  /** The client's network as it is now. */
  readonly network: (client: string) => NetworkView
  /** This server's address, as URLs write it. */
  readonly host: string
  readonly macOf: (address: string) => Mac | null
  /** Called with every client's address. */
  readonly note: (address: string) => void
  readonly drops: Drops
  readonly log: NetbootLog
  readonly now: () => number
}

/** A transfer that is under way. */
export interface TftpSession { readonly client: Sender; readonly file: string; readonly startedAtMs: number; sizeBytes: number; readonly transfer: MovedTransfer }

/** Serves files of the manifest and rendered scripts by TFTP, read only. Returns what is under way, and what ends all of it. */
export function serveTftp(world: TftpWorld): { sessions(): readonly TftpSession[]; close(): void } {
  /** Oldest first. */
  const sessions = new Map<string, TftpSession>()
  const perClient = new Map<string, number>()
  const ended = (key: string, session: TftpSession): void => {
    if (sessions.get(key) !== session) return
    sessions.delete(key)
    const left = (perClient.get(session.client.address) ?? 1) - 1
    if (left > 0) perClient.set(session.client.address, left)
    else perClient.delete(session.client.address)
  }
  const giveUp = (key: string, session: TftpSession): void => { session.transfer.end(); ended(key, session) }
  const endOldestUnconfirmed = (): boolean => {
    for (const [key, session] of sessions) if (session.transfer.state() === 'unconfirmed') { giveUp(key, session); return true }
    return false
  }

  world.port.serve((bytes, from) => {
    const decoded = decodeTftp(bytes)
    if (!decoded.ok) return world.drops.count('tftp', 'malformed')
    const packet = decoded.value
    if (packet.kind !== 'read' && packet.kind !== 'write') return world.drops.count('tftp', 'not-a-request')
    const key = `${from.address} ${from.port}`
    const old = sessions.get(key)
    if (old) {
      // The client repeats its request when it heard nothing yet; its transfer is already under way. The network may bring that late, or twice:
      // a client that goes on with this very file has not asked for it anew.
      if (old.transfer.state() === 'unconfirmed' || (old.file === cleanName(packet.file) && old.transfer.isAnswering())) return undefined
      giveUp(key, old)
    }
    if ((perClient.get(from.address) ?? 0) >= limitPerClient) return world.drops.count('tftp', 'too-many')
    // A flood of forged requests holds what nobody confirms: the oldest of that makes room.
    if (sessions.size >= transferLimit && !endOldestUnconfirmed()) return world.drops.count('tftp', 'too-many')

    // The same decision as DHCP and the boot script: who is left alone gets no loader here either.
    const mac = world.macOf(from.address)
    world.note(from.address)
    const network = world.network(from.address)
    const machine = mac === null ? undefined : world.site.machine(mac)
    if (mac !== null && decideBoot(machine, network, true).decision === 'ignore') return world.drops.count('tftp', 'policy-ignore')
    const startedAtMs = world.now()
    const facts: { mac: Mac | null; address: string; file: string } = { mac, address: from.address, file: cleanName(packet.file) }
    const chosen = chooseBootItem(packet.file, (name) => world.site.file(name))
    if (!chosen.ok) {
      world.port.send(encodeTftp({ kind: 'error', code: tftpError.notFound, message: 'no such file' }), from)
      return world.site.report({ kind: 'tftp.failed', ...facts, why: 'no such file' })
    }
    const transfer = world.mover.start(world.sources, clientKey(from.address, from.port), packet, sourceOf(world, chosen.value, from.address, mac, network), machine?.bootPath?.tftpWindow ?? windowLimit, (report) => {
      if (report.kind === 'started') {
        session.sizeBytes = report.sizeBytes
        return world.site.report({ kind: 'tftp.started', ...facts, sizeBytes: report.sizeBytes, blockSize: report.blockSize, windowSize: report.windowSize })
      }
      ended(key, session)
      // Of a client that was new on the wire the kernel knows more now.
      facts.mac ??= world.macOf(from.address)
      const { sentBytes, resends, roundTripMs } = report
      if (report.outcome === 'sent') world.site.report({ kind: 'tftp.sent', ...facts, sizeBytes: session.sizeBytes, milliseconds: world.now() - startedAtMs, resends, roundTripMs })
      else if (report.outcome === 'failed') world.site.report({ kind: 'tftp.failed', ...facts, why: report.why, sentBytes, resends })
    })
    if (!transfer) return world.drops.count('tftp', 'too-many')
    const session: TftpSession = { client: from, file: facts.file, startedAtMs, sizeBytes: 0, transfer }
    sessions.set(key, session)
    perClient.set(from.address, (perClient.get(from.address) ?? 0) + 1)
  }, (reason) => world.drops.count('tftp', reason))
  return {
    sessions: () => Array.from(sessions.values()),
    close() { for (const [key, session] of Array.from(sessions)) giveUp(key, session) },
  }
}

/** The bytes of what was chosen. */
function sourceOf(world: TftpWorld, item: BootItem, address: string, owner: Mac | null, network: NetworkView): MoverSource {
  const text = (script: string): MoverSource => ({ bytes: new TextEncoder().encode(script) })
  switch (item.kind) {
    case 'file': return item.file
    case 'ipxeEntry': return text(renderEntry(world.host))
    case 'grubEntry': return text(renderGrubEntry(''))
    case 'grubOrder': {
      const mac = item.mac ?? owner
      try {
        if (mac === null) return text(renderGrubTrouble())
        const isReported = speaksForItself(world.site, owner, mac)
        if (!isReported) world.drops.count('tftp', 'not-for-us')
        return text(bootScript(world.site, 'grubByTftp', { mac, address, network, host: world.host, client: grubFacts, isReported }))
      } catch (error) { // broken is not absent: GRUB shall ask again, as it does after any orders that return
        world.drops.count('tftp', 'broken')
        world.log.error({ mac, err: error }, 'tftp.scriptBroken')
        return text(renderGrubTrouble())
      }
    }
  }
}

const cleanName = (name: string): string => name.replaceAll(/[^\u0020-\u007e]/g, '?').slice(0, 128)
