import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { ask, type Appliance } from './appliance.ts'
import { backoffMs, pause } from './backoff.ts'
import type { Engine } from './docker-engine.ts'
import { frameCutter, parseAppFrame, parseJournal } from './log-lines.ts'
import type { LogQueue } from './log-queue.ts'

/** Follows journald from this boot's start (or after the last line seen) into the queue until `signal` aborts; journalctl is started again when it ends. */
export async function followJournal(queue: LogQueue, signal: AbortSignal): Promise<void> {
  let cursor: string | undefined
  while (!signal.aborted) {
    const from = cursor === undefined ? ['-b', '-n', '2000'] : ['--after-cursor', cursor]
    const child = spawn('journalctl', ['--follow', '--output=json', '--output-fields=MESSAGE,PRIORITY,SYSLOG_IDENTIFIER,_COMM,_SYSTEMD_UNIT', ...from], { stdio: ['ignore', 'pipe', 'ignore'] })
    const stop = () => child.kill()
    signal.addEventListener('abort', stop, { once: true })
    child.on('error', () => undefined) // the stream below ends, and we try again
    for await (const text of createInterface({ input: child.stdout })) {
      const entry = parseJournal(text)
      if (entry === undefined) continue
      cursor = entry.cursor
      queue.push(entry.line)
    }
    signal.removeEventListener('abort', stop)
    await pause(5000, signal)
  }
}

/** Follows the log of one service into the queue until `signal` aborts. */
export async function followService(engine: Engine, name: string, queue: LogQueue, signal: AbortSignal): Promise<void> {
  let since = 0
  let tries = 0
  while (!signal.aborted) {
    try {
      const range = since === 0 ? 'tail=200' : `since=${since}`
      const cut = frameCutter()
      for await (const chunk of await engine.stream(`/services/${name}/logs?follow=1&stdout=1&stderr=1&timestamps=1&${range}`, signal)) {
        tries = 0
        for (const frame of cut(chunk)) {
          const line = parseAppFrame(name, frame)
          if (line === undefined) continue
          since = Math.floor(Date.parse(line.at) / 1000) + 1
          queue.push(line)
        }
      }
    } catch {
      // The service may not exist yet or Docker restart; whatever it was, the next try tells.
    }
    tries += 1
    await pause(backoffMs(Math.max(tries, 2), Math.random()), signal)
  }
}

/** Sends the queue in batches until `signal` aborts, slower while the appliance does not take them. */
export async function sendLogs(appliance: () => Appliance, queue: LogQueue, signal: AbortSignal): Promise<void> {
  let failures = 0
  while (!signal.aborted) {
    const batch = queue.batch()
    if (batch !== undefined) {
      try {
        const answer = await ask(appliance(), { method: 'POST', path: '/agent/log', body: batch.body, type: 'application/x-ndjson', signal })
        failures = answer.status < 300 ? 0 : failures + 1
        // What the appliance calls malformed it will never take: sending it for ever would block the rest.
        if (answer.status < 300 || answer.status === 400 || answer.status === 413) queue.sent(batch.upTo)
      } catch {
        failures += 1 // not told in the log: that would feed the queue which cannot be sent
      }
    }
    await pause(failures === 0 ? 1000 : backoffMs(failures, Math.random()), signal)
  }
}
