import type { Mac } from '#contract/mac'
import { tcpFlag, type FrameContent } from '#netboot/codec/frame'
import type { HttpMoment, Moment } from './moment.ts'

const mostConnections = 1000

interface Request { moment: { -readonly [K in keyof HttpMoment]: HttpMoment[K] }; answerAt: number | null; headBytes: number }
interface Connection { atMs: number; endMs: number; tries: number; answered: boolean; refused: boolean; server: string; port: number; requests: Request[] }

const printable = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1').replaceAll(/[^\u0020-\u007e\r\n]/g, '?')

/** Puts the recorded pieces of one machine's HTTP connections together: only their beginnings and ends are recorded. */
export class HttpReader {
  readonly #mac: Mac
  readonly #open = new Map<string, Connection>()
  readonly #all: Connection[] = []

  constructor(mac: Mac) { this.#mac = mac }

  /** Takes one TCP segment. */
  take(segment: FrameContent & { kind: 'tcp' }, atMs: number): void {
    const toServer = segment.to.port === 80
    const [client, server] = toServer ? [segment.from, segment.to] : [segment.to, segment.from]
    const key = `${client.address}:${client.port} ${server.address}:${server.port}`
    const has = (flag: number): boolean => (segment.flags & flag) !== 0
    let connection = this.#open.get(key)
    if (toServer && has(tcpFlag.syn)) {
      if (connection !== undefined && !connection.answered) { connection.tries += 1; connection.endMs = atMs; return }
      connection = undefined
    }
    if (connection === undefined) {
      if (this.#all.length >= mostConnections || (has(tcpFlag.reset) || has(tcpFlag.fin)) && segment.payloadBytes === 0) return
      connection = { atMs, endMs: atMs, tries: 1, answered: !has(tcpFlag.syn), refused: false, server: server.address, port: server.port, requests: [] }
      this.#open.set(key, connection)
      this.#all.push(connection)
    }
    connection.endMs = atMs
    if (!toServer && has(tcpFlag.reset) && !connection.answered) connection.refused = true
    if (!toServer) connection.answered = true
    if (toServer) this.#fromClient(connection, segment, atMs)
    else this.#fromServer(connection, segment, atMs)
    if (has(tcpFlag.reset) || (toServer && has(tcpFlag.fin))) this.#open.delete(key)
  }

  #fromClient(connection: Connection, segment: FrameContent & { kind: 'tcp' }, atMs: number): void {
    const last = connection.requests.at(-1)
    if (last !== undefined && last.moment.end === 'open' && last.answerAt !== null && (segment.flags & tcpFlag.acknowledge) !== 0) {
      last.moment.bytes = Math.max(last.moment.bytes, Math.max(0, ((segment.acknowledged - last.answerAt) >>> 0) - last.headBytes))
      last.moment.endMs = atMs
      const isWhole = last.moment.sizeBytes === null || last.moment.method === 'HEAD' || last.moment.bytes >= last.moment.sizeBytes
      if (isWhole) last.moment.end = 'done'
      else if ((segment.flags & (tcpFlag.reset | tcpFlag.fin)) !== 0) last.moment.end = 'cut'
      if (last.moment.sizeBytes !== null) last.moment.bytes = Math.min(last.moment.bytes, last.moment.method === 'HEAD' ? 0 : last.moment.sizeBytes)
    }
    const line = /^(GET|HEAD|POST) (\S{1,300}) HTTP/.exec(printable(segment.payload))
    if (line?.[1] === undefined || line[2] === undefined) return
    connection.requests.push({ answerAt: null, headBytes: 0, moment: { kind: 'http', atMs, mac: this.#mac, seq: null, method: line[1], path: line[2], server: connection.server, status: null, sizeBytes: null, bytes: 0, end: 'open', endMs: atMs } })
  }

  #fromServer(connection: Connection, segment: FrameContent & { kind: 'tcp' }, atMs: number): void {
    const request = connection.requests.at(-1)
    const text = printable(segment.payload)
    const status = /^HTTP\/1\.[01] (\d{3})/.exec(text)?.[1]
    if (request !== undefined && status !== undefined && request.moment.status === null) {
      request.moment.status = Number(status)
      request.moment.endMs = atMs
      const length = /\r\ncontent-length: *(\d{1,15})\r/i.exec(text)?.[1]
      const head = text.indexOf('\r\n\r\n')
      request.answerAt = segment.sequence
      request.headBytes = head < 0 ? 0 : head + 4
      request.moment.sizeBytes = length === undefined ? null : Number(length)
      if (request.moment.method === 'HEAD' || request.moment.sizeBytes === 0 || (head >= 0 && request.moment.sizeBytes !== null && segment.payloadBytes >= head + 4 + request.moment.sizeBytes)) {
        request.moment.end = 'done'
        request.moment.bytes = request.moment.method === 'HEAD' ? 0 : request.moment.sizeBytes ?? 0
      }
    }
    if (request?.moment.end === 'open' && (segment.flags & tcpFlag.fin) !== 0 && request.answerAt !== null) {
      request.moment.bytes = Math.max(request.moment.bytes, ((segment.sequence - request.answerAt) >>> 0) + segment.payloadBytes - request.headBytes)
      request.moment.endMs = atMs
      if (request.moment.sizeBytes === null || request.moment.bytes >= request.moment.sizeBytes) request.moment.end = 'done'
    }
  }

  /** All requests so far, and the connections that came to nothing. */
  moments(): Moment[] {
    return this.#all.flatMap((connection): Moment[] => {
      if (connection.requests.length > 0) return connection.requests.map(({ moment }) => ({ ...moment }))
      if (connection.answered && !connection.refused) return []
      return [{ kind: 'connect', atMs: connection.atMs, mac: this.#mac, seq: null, server: connection.server, port: connection.port, tries: connection.tries, refused: connection.refused, endMs: connection.endMs }]
    })
  }
}
