import type { Server as HttpServer } from 'node:http'
import net, { type Socket } from 'node:net'
import { copyDescriptor, descriptorOf } from '../linux/waker.ts'

/**
 * Node takes one connection from a listening socket each time around its event loop, which under load is every 10 or 20 ms: with one handle
 * a room of machines that gets power waits a second and more to be let in.
 */
const handles = 16
/** Connections that the kernel may hold until we take them: as many as Linux allows by default. */
const backlog = 4096

/** Closing idle connections looks at each of them: once in this time is enough. */
const clearedEveryMs = 100

/**
 * Listens for crowds: several handles share one listening socket. Above `limit` connections those that wait for a next request make room;
 * where there is none the newcomer is reset, and `refused` hears of it. Rejects where the port is taken.
 */
export async function listenForCrowd(server: HttpServer, { host, port }: { host: string; port: number }, limit: number, refused: () => void): Promise<{ close(): Promise<void> }> {
  const open = new Set<Socket>()
  let clearedMs = Number.NEGATIVE_INFINITY
  const isFull = (): boolean => open.size > limit && alive(open) > limit
  server.prependListener('connection', (socket: Socket) => {
    open.add(socket)
    socket.once('close', () => open.delete(socket))
    if (isFull() && performance.now() - clearedMs > clearedEveryMs) {
      clearedMs = performance.now()
      server.closeIdleConnections()
    }
    if (!isFull()) return
    refused()
    socket.resetAndDestroy()
  })
  const listen = (one: net.Server, where: { host: string; port: number } | { fd: number }): Promise<void> => new Promise((resolve, reject) => {
    one.once('error', reject)
    one.listen(where, backlog, () => { one.off('error', reject); resolve() })
  })
  await listen(server, { host, port })
  const fd = descriptorOf(server)
  const others: net.Server[] = []
  // Without the descriptor one handle serves, slower.
  if (fd !== undefined) for (let made = 1; made < handles; made += 1) {
    const other = net.createServer({ allowHalfOpen: true, noDelay: true }, (socket) => { server.emit('connection', socket) })
    await listen(other, { fd: copyDescriptor(fd) })
    others.push(other)
  }
  return {
    async close() {
      const ended = [server, ...others].map((one) => new Promise((resolve) => { one.close(resolve) }))
      server.closeAllConnections()
      await Promise.all(ended)
    },
  }
}

/** How many of them are not about to close. */
function alive(sockets: ReadonlySet<Socket>): number {
  let count = 0
  for (const { destroyed } of sockets) if (!destroyed) count += 1
  return count
}
