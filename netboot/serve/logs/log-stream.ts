import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Mac } from '#contract/mac'
import { cleanLine, parseStreamLine } from '../../codec/syslog.ts'
import type { Site } from '../../site.ts'
import type { Drops } from '../drops.ts'
import { sendText } from '../http/http-file.ts'
import { TokenBuckets } from '../token-bucket.ts'

const streamLimit = 1024
const streamLimitPerMachine = 4
const lineBytes = 8192
const linesPerSecond = 2000
const burst = 20_000
const linesPerEvent = 200
const keepAliveMs = 30_000

/** Takes streams of log lines that need never end. */
export interface LogStreams {
  /** Serves one POST /log/:mac; the answer, 204, goes out when the client ends it. */
  take(req: IncomingMessage, res: ServerResponse, mac: Mac, address: string): void
}

/**
 * INVARIANTS: at most 4 streams a machine and 1024 in all; at most 8 KiB of unfinished line each. A machine that crashed leaves its stream
 * half open, so its oldest is ended when a fifth comes.
 */
export function takeLogStreams(site: Site, drops: Drops, now: () => number): LogStreams {
  const open = new Map<Mac, IncomingMessage[]>()
  const rate = new TokenBuckets(linesPerSecond, burst, 4096)
  let count = 0
  return {
    take(req, res, mac, address) {
      const mine = open.get(mac) ?? []
      if (mine.length >= streamLimitPerMachine) mine[0]?.destroy()
      else if (count >= streamLimit) { drops.count('log', 'too-many'); return sendText(res, 503, 'Too many log streams; try again later.') }
      count += 1
      open.set(mac, [...mine, req])
      req.socket.setKeepAlive(true, keepAliveMs)

      const report = (texts: readonly string[]): void => {
        const lines = texts.map(cleanLine).filter((text) => text !== '').map(parseStreamLine)
        const granted = rate.take(mac, lines.length, now())
        if (granted < lines.length) drops.count('log', 'too-many', lines.length - granted)
        for (let at = 0; at < granted; at += linesPerEvent) site.report({ kind: 'log.lines', mac, address, lines: lines.slice(at, Math.min(granted, at + linesPerEvent)) })
      }
      const splitter = splitLines(lineBytes, () => drops.count('log', 'too-big'))
      const decoder = new TextDecoder('utf-8')
      req.on('data', (bytes: Buffer) => report(splitter.push(decoder.decode(bytes, { stream: true }))))
      req.on('end', () => { report(splitter.end()); res.writeHead(204).end() })
      // The machine went away, with or without a word: both are the ordinary end of a boot.
      req.on('error', () => res.destroy())
      req.on('close', () => {
        count -= 1
        const left = (open.get(mac) ?? []).filter((other) => other !== req)
        if (left.length > 0) open.set(mac, left)
        else open.delete(mac)
      })
      return undefined
    },
  }
}

/** Cuts a stream of text into lines of at most `limit` characters; the rest of a longer one is dropped, and `tooLong` called once for it. */
export function splitLines(limit: number, tooLong: () => void): { push(text: string): string[]; end(): string[] } {
  let rest = ''
  let isCut = false
  return {
    push(text) {
      const [first = '', ...more] = text.split('\n')
      if (!isCut) rest += first.slice(0, limit - rest.length)
      if (!isCut && rest.length >= limit) { isCut = true; tooLong() }
      if (more.length === 0) return []
      const last = more.pop() ?? ''
      const whole = [rest, ...more.map((line) => { if (line.length > limit) tooLong(); return line.slice(0, limit) })]
      rest = last.slice(0, limit)
      isCut = last.length > limit
      if (isCut) tooLong()
      return whole
    },
    end() {
      const whole = rest === '' ? [] : [rest]
      rest = ''
      return whole
    },
  }
}
