import { connect } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'

/** An image to load: only its length is looked at, so that a thousand machines on one processor take it as fast as it is sent. */
export interface ImageWish {
  readonly url: string
  readonly from: string
  readonly signal: AbortSignal
  /** How fast the machine takes it; null: as it comes. */
  readonly slowBytesPerSecond: number | null
}

/** What came; `complete` only where it was a 200 with as many bytes as announced. */
export interface ImageAnswer { readonly sizeBytes: number; readonly complete: boolean }

const patienceMs = 60_000
const pauseMs = 10
/** All connections share it: nobody reads what is in it. */
const sink = Buffer.alloc(256 * 1024)

/** Fetches an image over plain HTTP and forgets its bytes. Rejects only when `signal` aborts. */
export async function fetchImage(wish: ImageWish): Promise<ImageAnswer> {
  for (;;) {
    const answer = await loadOnce(wish)
    wish.signal.throwIfAborted()
    if (answer !== 'not-ours-yet') return answer
    // The address was leased this very moment: the kernel has it a little later.
    await wait(pauseMs, undefined, { signal: wish.signal })
  }
}

function loadOnce({ url, from, signal, slowBytesPerSecond }: ImageWish): Promise<ImageAnswer | 'not-ours-yet'> {
  const { hostname, port, pathname, host } = new URL(url)
  return new Promise((resolve) => {
    let [head, sizeBytes, announced, beganAt] = ['', 0, -1, 0]
    const done = (answer: ImageAnswer | 'not-ours-yet'): void => { signal.removeEventListener('abort', stop); socket.destroy(); resolve(answer) }
    const end = (): void => done({ sizeBytes, complete: sizeBytes === announced })
    const stop = (): void => end()
    const take = (length: number, chunk: Uint8Array): boolean => {
      if (announced < 0) {
        head += Buffer.from(chunk.buffer, chunk.byteOffset, length).toString('latin1')
        const at = head.indexOf('\r\n\r\n')
        if (at < 0) return true
        if (!head.startsWith('HTTP/1.1 200')) { end(); return false }
        announced = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0)
        sizeBytes = head.length - at - 4
        beganAt = performance.now()
      } else sizeBytes += length
      if (sizeBytes >= announced) { end(); return false }
      const aheadMs = slowBytesPerSecond === null ? 0 : (sizeBytes / slowBytesPerSecond) * 1000 - (performance.now() - beganAt)
      if (aheadMs < 1) return true
      setTimeout(() => socket.resume(), aheadMs)
      return false
    }
    const socket = connect({ host: hostname, port: Number(port || 80), localAddress: from, onread: { buffer: sink, callback: take } })
    socket.setTimeout(patienceMs, end)
    socket.on('connect', () => socket.write(`GET ${pathname} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`))
    socket.on('end', end)
    socket.on('close', end)
    socket.on('error', (error: NodeJS.ErrnoException) => (error.code === 'EADDRNOTAVAIL' ? done('not-ours-yet') : end()))
    signal.addEventListener('abort', stop, { once: true })
  })
}
