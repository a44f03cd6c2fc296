import { open, type FileHandle } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import { chooseRange } from '../policy/choose-range.ts'

/** A client that takes no byte for this long has gone. */
const stalledMs = 120_000

/** What was sent of a file. */
export interface FileSent { readonly sizeBytes: number; readonly milliseconds: number; readonly complete: boolean }

/**
 * Sends a file whose bytes never change under its digest: GET and HEAD, ETag, Range, If-Range, If-None-Match.
 * Undefined where no bytes were due. Answers 404 where `absentIs404` and the file is not there, else 503: broken is not absent.
 */
export async function sendFile(req: IncomingMessage, res: ServerResponse, file: { path: string; sha256: string; contentType: string; absentIs404: boolean }): Promise<FileSent | undefined> {
  let handle: FileHandle
  try {
    handle = await open(file.path, 'r')
  } catch (error) {
    // Expected for a chunk that was never built; for a file of the manifest it is trouble that the boundary reports.
    if (file.absentIs404 && error instanceof Error && 'code' in error && error.code === 'ENOENT') { sendText(res, 404, 'There is no such chunk.'); return undefined }
    throw error
  }
  try {
    const { size } = await handle.stat()
    const etag = `"${file.sha256}"`
    res.setHeader('etag', etag)
    res.setHeader('accept-ranges', 'bytes')
    if (req.headers['if-none-match']?.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag)) { res.writeHead(304).end(); return undefined }
    const choice = chooseRange(req.headers.range, header(req, 'if-range'), etag, size)
    if (choice.kind === 'unsatisfiable') { res.setHeader('content-range', `bytes */${size}`); sendText(res, 416, 'That part is beyond the end of the file.'); return undefined }
    const [start, end] = choice.kind === 'part' ? [choice.start, choice.end] : [0, size - 1]
    const length = end - start + 1
    res.setHeader('content-type', file.contentType)
    res.setHeader('content-length', length)
    if (choice.kind === 'part') res.setHeader('content-range', `bytes ${start}-${end}/${size}`)
    res.writeHead(choice.kind === 'part' ? 206 : 200)
    res.setTimeout(stalledMs, () => res.destroy())
    if (req.method === 'HEAD' || length === 0) { res.end(); return undefined }
    return await stream(handle, res, start, end)
  } finally {
    await handle.close()
  }
}

/** A short answer in words. */
export function sendText(res: ServerResponse, status: number, text: string): void {
  const body = Buffer.from(`${text.trimEnd()}\n`)
  res.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', 'content-length': body.length, 'cache-control': 'no-store' })
  res.end(res.req.method === 'HEAD' ? undefined : body)
}

/** One header as one text, or undefined. */
export const header = (req: IncomingMessage, name: string): string | undefined => {
  const value = req.headers[name]
  return Array.isArray(value) ? value[0] : value
}

async function stream(handle: FileHandle, res: ServerResponse, start: number, end: number): Promise<FileSent> {
  const began = performance.now()
  const source = handle.createReadStream({ start, end, autoClose: false, highWaterMark: 256 * 1024 })
  let complete = true
  // A client that goes away in the middle is ordinary: it is told in the event, not thrown.
  await pipeline(source, res).catch(() => { complete = false })
  return { sizeBytes: source.bytesRead, milliseconds: Math.round(performance.now() - began), complete }
}
