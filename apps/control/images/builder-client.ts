import net from 'node:net'
import readline from 'node:readline'

/** How far a build is. `percent` is null where nobody can say. */
export interface BuildProgress { readonly step: string; readonly percent: number | null; readonly detail: string }

/**
 * Asks the root helper on `socketPath` to build `image` (or to find it in its cache). Resolves with the folder that it is in, where the
 * helper says one; rejects with the helper's sentence, or where the helper goes away.
 */
export function buildImage(socketPath: string, image: string, onProgress: (progress: BuildProgress) => void, signal: AbortSignal): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    // A signal of its own: Node's sockets never take their listener from the one that they are given.
    const socket = net.connect({ path: socketPath, signal: AbortSignal.any([signal]) })
    socket.once('connect', () => socket.write(`${JSON.stringify({ build: image })}\n`))
    socket.once('error', (error) => reject(new Error('asking the image builder', { cause: error })))
    socket.once('close', () => reject(new Error('the image builder went away: it is asked again')))
    readline.createInterface({ input: socket }).on('line', (line) => {
      const answer = JSON.parse(line) as { step?: string; percent?: number | null; detail?: string; done?: boolean; dir?: string; error?: string }
      if (answer.error !== undefined) reject(new Error(answer.error))
      else if (answer.done === true) resolve(answer.dir)
      else onProgress({ step: answer.step ?? '', percent: answer.percent ?? null, detail: answer.detail ?? '' })
    }).on('error', reject)
  })
}
