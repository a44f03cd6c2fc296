import http from 'node:http'
import { io } from 'socket.io-client'
import { z } from 'zod'
import { LogLine } from '#contract/events'
import { Machine } from '#contract/operator-api'
import type { Target } from './find.ts'
import { identity } from './transport.ts'

/** What the appliance pushes. Lines that do not fit the contract are dropped: whoever listens also polls. */
export interface LiveHandlers {
  readonly room: string
  machine?(machine: Machine): void
  log?(lines: LogLine[]): void
  /** A new connection, the first or one after a restart: ask again for what may have been missed. */
  connected?(): void
}

/** A running subscription. */
export interface Live { connected(): boolean; close(): void }

const LogMessage = z.object({ machineId: z.string(), lines: z.array(LogLine) })

/**
 * Listens on the appliance's socket, over a Unix socket too, and reconnects for as long as it is open.
 *
 * It only makes waiting quicker: the caller polls as well, so nothing is lost where no socket can be had.
 */
export function openLive(target: Target, handlers: LiveHandlers): Live {
  const socket = io(target.kind === 'socket' ? 'http://localhost' : target.url, {
    path: '/socket.io', transports: ['websocket', 'polling'], forceNew: true, reconnectionDelay: 250, reconnectionDelayMax: 2000,
    extraHeaders: identity(target),
    // The browser's types know no agent; in Node both transports hand it to http.request, which a Unix socket needs (its types
    // forget socketPath, which every option of http.request may be).
    ...(target.kind === 'socket' ? { agent: new http.Agent({ socketPath: target.socketPath } as http.AgentOptions) as unknown as string } : {}),
    ...(target.kind === 'url' && target.ca !== undefined ? { ca: target.ca } : {}),
  })
  socket.on('connect', () => {
    socket.emit('join', { room: handlers.room })
    handlers.connected?.()
  })
  socket.on('machine', (message: unknown) => {
    const machine = Machine.safeParse(message)
    if (machine.success) handlers.machine?.(machine.data)
  })
  socket.on('log', (message: unknown) => {
    const log = LogMessage.safeParse(message)
    if (log.success) handlers.log?.(log.data.lines)
  })
  return { connected: () => socket.connected, close: () => void socket.close() }
}
