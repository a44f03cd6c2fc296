import type { JournalEvent } from '#contract/events'
import type { Dhcp6Moment, DhcpMoment, Moment, TftpMoment } from './moment.ts'

/** What a journal line of a finished file says: it is laid over the request that the packets show. */
export interface FileSent { readonly atMs: number; readonly seq: number; readonly file: string; readonly bytes: number; readonly tookMs: number; readonly complete: boolean }

const text = (event: JournalEvent, name: string): string => { const value = event.data[name]; return typeof value === 'string' ? value : '' }
const number = (event: JournalEvent, name: string): number | null => { const value = event.data[name]; return typeof value === 'number' && Number.isFinite(value) ? value : null }

const dhcpMessages: Readonly<Record<string, readonly [DhcpMoment['message'], boolean]>> = {
  'dhcp.discovered': ['discover', true], 'dhcp.offered': ['offer', false], 'dhcp.requested': ['request', true], 'dhcp.acked': ['ack', false],
  'dhcp.naked': ['nak', false], 'dhcp.declined': ['decline', true], 'dhcp.released': ['release', true],
}

const dhcp6Messages: Readonly<Record<string, readonly [Dhcp6Moment['message'], boolean]>> = {
  'dhcp6.solicited': ['solicit', true], 'dhcp6.advertised': ['advertise', false], 'dhcp6.bound': ['reply', false], 'dhcp6.declined': ['decline', true], 'dhcp6.released': ['release', true],
}
const clientOf = (event: JournalEvent): DhcpMoment['client'] => { const client = text(event, 'client'); return client === 'firmware' || client === 'ipxe' ? client : 'system' }

const diskBoots = ['sanboot', 'grub', 'exit'] as const

/** The moments that a machine's journal tells, in its order. TFTP lines of one file become one transfer. */
export function readJournal(events: readonly JournalEvent[]): { moments: Moment[]; files: FileSent[] } {
  const moments: Moment[] = []
  const files: FileSent[] = []
  const transfers: { -readonly [K in keyof TftpMoment]: TftpMoment[K] }[] = []
  for (const event of events) {
    const at = { atMs: Date.parse(event.at), mac: text(event, 'mac') || null, seq: event.seq }
    const dhcp = dhcpMessages[event.kind]
    if (dhcp !== undefined) {
      moments.push({
        ...at, kind: 'dhcp', message: dhcp[0], fromMachine: dhcp[1], isProxyPort: false, xid: number(event, 'xid'), secs: number(event, 'secs'),
        client: clientOf(event), architecture: null, architectureId: text(event, 'architecture') || null, server: text(event, 'server') || null,
        // A proxy's offer has no address.
        address: text(event, 'address').replace(/^0\.0\.0\.0$/, ''), bootFile: text(event, 'bootFile'), relay: text(event, 'relay') || null, uuid: null, words: text(event, 'why'),
      })
      continue
    }
    const dhcp6 = dhcp6Messages[event.kind]
    if (dhcp6 !== undefined) {
      moments.push({
        ...at, kind: 'dhcp6', message: dhcp6[0], fromMachine: dhcp6[1], transaction: null, elapsedMs: null, client: clientOf(event), architecture: null, architectureId: text(event, 'architecture') || null,
        server: null, address: text(event, 'address'), bootFile: text(event, 'bootFile'), relay: null, uuid: null, words: '',
      })
      continue
    }
    switch (event.kind) {
      case 'tftp.started': {
        const transfer = { ...at, kind: 'tftp' as const, file: text(event, 'file'), server: '', sizeBytes: number(event, 'sizeBytes'), bytes: 0, blockSize: number(event, 'blockSize') ?? 512, windowSize: number(event, 'windowSize') ?? 1, packets: 1, retries: 0, end: 'open' as const, error: '', endMs: at.atMs }
        transfers.push(transfer)
        moments.push(transfer)
        break
      }
      case 'tftp.sent': case 'tftp.failed': {
        const open = transfers.findLast((one) => one.end === 'open' && one.file === text(event, 'file'))
        const done = event.kind === 'tftp.sent'
        if (open) Object.assign(open, { end: done ? 'done' : 'aborted', error: text(event, 'why'), endMs: at.atMs, bytes: done ? number(event, 'sizeBytes') ?? open.sizeBytes ?? 0 : number(event, 'bytes') ?? open.bytes, retries: number(event, 'retries') ?? open.retries })
        else moments.push({ ...at, kind: 'tftp', file: text(event, 'file'), server: '', sizeBytes: null, bytes: done ? number(event, 'sizeBytes') ?? 0 : 0, blockSize: 512, windowSize: 1, packets: 1, retries: number(event, 'retries') ?? 0, end: done ? 'done' : 'refused', error: text(event, 'why'), endMs: at.atMs })
        break
      }
      case 'file.sent': files.push({ atMs: at.atMs, seq: event.seq, file: text(event, 'file'), bytes: number(event, 'sizeBytes') ?? 0, tookMs: number(event, 'milliseconds') ?? 0, complete: event.data['complete'] !== false }); break
      case 'dhcp.ignored': moments.push({ ...at, kind: 'ignored', why: text(event, 'reason') || text(event, 'why') }); break
      case 'script.rendered': moments.push({ ...at, kind: 'script', decision: text(event, 'script'), why: text(event, 'why') || event.text, disk: diskBoots.find((way) => way === text(event, 'disk')) ?? null }); break
      case 'kernel.started': moments.push({ ...at, kind: 'kernel', sign: 'started', source: 'kernel', text: text(event, 'line') || event.text }); break
      case 'kernel.alarmed': case 'kernel.died': moments.push({ ...at, kind: 'kernel', sign: event.kind === 'kernel.died' ? 'died' : 'alarm', source: text(event, 'source') === 'ramdisk' ? 'ramdisk' : 'kernel', text: text(event, 'line') || event.text }); break
      case 'inventory.posted': case 'inventory.repeated': moments.push({ ...at, kind: 'inventory', text: event.text }); break
      case 'agent.enrolled': case 'agent.reported': moments.push({ ...at, kind: 'agent', text: event.text }); break
      // Said of a boot by this very folder: it is shown above the timeline, not in it.
      case 'boot.diagnosed': break
      default: moments.push({ ...at, kind: 'event', event: event.kind, level: event.level, text: event.text })
    }
  }
  return { moments, files }
}
