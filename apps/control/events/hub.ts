import type { Server as HttpServer } from 'node:http'
import { Server, type Socket } from 'socket.io'
import { z } from 'zod'
import type { JournalEvent, LogLine } from '#contract/events'
import type { Cloud, Image, Machine } from '#contract/operator-api'

/** What the hub asks of control. Listeners return how to stop listening. */
export interface HubSources {
  /** Events after `after`, oldest first: of one machine, or of all. */
  events(query: { machineId?: string; after: number; limit: number }): JournalEvent[]
  log(machineId: string, after: number, limit: number): { lines: LogLine[]; nextSeq: number }
  onEvent(listener: (event: JournalEvent) => void): () => void
  onLog(listener: (machineId: string, lines: LogLine[]) => void): () => void
  onMachine(listener: (machine: Machine) => void): () => void
  onImage(listener: (image: Image) => void): () => void
  onCloud(listener: (cloud: Cloud) => void): () => void
  /** Whether this handshake may listen: a session or token, and an Origin of our own. */
  admit(headers: { cookie?: string | undefined; authorization?: string | undefined; origin?: string | undefined; host?: string | undefined }): Promise<boolean>
}

const Join = z.object({ room: z.union([z.literal('fleet'), z.string().regex(/^(machine:[\w-]{1,64}|app:[a-z][a-z0-9-]{0,62})$/)]), after: z.number().int().min(0).default(0), logAfter: z.number().int().min(0).optional() })
const replayLimit = 2000
/** Apps' logs are kept beside the machines', under names that no machine has. */
const appLogs = 'app-'
const batchMs = 50
/** For how long a socket listens before it is asked for its session again, which may have ended meanwhile. */
const admittedMs = 5000

/**
 * Puts socket.io on a server: rooms `fleet` and `machine:<id>`, replay of what was missed, then live.
 *
 * INVARIANTS: a socket joins its room before the replay is read, in one turn of the event loop, so nothing falls between; a client may see
 * an event twice and drops it by `seq`; a browser that does not keep up is disconnected, comes back and is replayed; nobody listens for more
 * than seconds after his session has ended.
 */
export function openHub(server: HttpServer, sources: HubSources, askAgainMs = admittedMs): { close(): Promise<void> } {
  const io = new Server(server, { path: '/socket.io', serveClient: false, maxHttpBufferSize: 64 * 1024, pingInterval: 10_000, pingTimeout: 10_000 })
  io.use((socket, next) => {
    sources.admit(socket.handshake.headers).then((ok) => next(ok ? undefined : new Error('sign in first')), next)
  })
  io.on('connection', (socket) => {
    socket.on('join', (wish: unknown, joined: unknown) => {
      join(socket, wish, sources)
      if (typeof joined === 'function') joined()
    })
    socket.on('leave', (wish: unknown) => {
      const parsed = Join.safeParse(wish)
      if (parsed.success) void socket.leave(parsed.data.room)
    })
  })

  let waiting: JournalEvent[] = []
  let timer: NodeJS.Timeout | undefined
  const flush = (): void => {
    timer = undefined
    const batch = waiting
    waiting = []
    io.to('fleet').emit('events', batch)
    for (const id of new Set(batch.flatMap((event) => event.machineId ?? []))) io.to(`machine:${id}`).emit('events', batch.filter((event) => event.machineId === id))
  }
  const stops = [
    sources.onEvent((event) => {
      waiting.push(event)
      timer ??= setTimeout(flush, batchMs)
    }),
    sources.onLog((name, lines) => {
      const app = name.startsWith(appLogs) ? name.slice(appLogs.length) : undefined
      if (app === undefined) io.to(`machine:${name}`).emit('log', { machineId: name, lines })
      else io.to(`app:${app}`).emit('appLog', { app, lines })
    }),
    sources.onMachine((machine) => void io.to(['fleet', `machine:${machine.id}`]).emit('machine', machine)),
    sources.onImage((image) => void io.to('fleet').emit('image', image)),
    sources.onCloud((cloud) => void io.to('fleet').emit('cloud', cloud)),
  ]
  const dismiss = async (socket: Socket): Promise<void> => {
    if (!(await sources.admit(socket.handshake.headers).catch(() => false))) socket.disconnect(true)
  }
  const asking = setInterval(() => { for (const socket of io.sockets.sockets.values()) void dismiss(socket) }, askAgainMs)
  return {
    async close() {
      clearInterval(asking)
      clearTimeout(timer)
      for (const stop of stops) stop()
      await io.close()
    },
  }
}

function join(socket: Socket, wish: unknown, sources: HubSources): void {
  const parsed = Join.safeParse(wish)
  if (!parsed.success) return void socket.emit('problem', { detail: 'join with { room: "fleet" | "machine:<id>" | "app:<name>", after, logAfter? }' })
  const { room, after, logAfter } = parsed.data
  void socket.join(room)
  if (room.startsWith('app:')) {
    const app = room.slice('app:'.length)
    if (logAfter !== undefined) socket.emit('appLog', { app, lines: sources.log(`${appLogs}${app}`, logAfter, replayLimit).lines })
    return
  }
  const machineId = room === 'fleet' ? undefined : room.slice('machine:'.length)
  socket.emit('events', sources.events({ ...(machineId === undefined ? {} : { machineId }), after, limit: replayLimit }))
  if (machineId !== undefined && logAfter !== undefined) socket.emit('log', { machineId, lines: sources.log(machineId, logAfter, replayLimit).lines })
}
