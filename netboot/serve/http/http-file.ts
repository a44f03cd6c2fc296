import { open, type FileHandle } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import { chooseRange } from '../../policy/transfers/choose-range.ts'
import type { FileMover, MovedFile } from './file-mover-thread.ts'

/** A client that takes no byte for this long has gone. */
const stalledMs = 120_000
/** Less than this is not worth a thread's attention. */
const movedBytes = 32 * 1024

/** What was sent of a file. */
export interface FileSent { readonly sizeBytes: number; readonly milliseconds: number; readonly complete: boolean }

/** A file to send. `began` is told what is on its way, where it is not over at once. */
export interface FileToSend { readonly path: string; readonly sha256: string; readonly contentType: string; readonly absentIs404: boolean; readonly began?: (length: number, moved: MovedFile | undefined) => void }

/**
 * Sends a file whose bytes never change under its digest: GET and HEAD, ETag, Range, If-Range, If-None-Match.
 * Undefined where no bytes were due. Answers 404 where `absentIs404` and the file is not there, else 503: broken is not absent.
 */
export async function sendFile(req: IncomingMessage, res: ServerResponse, mover: FileMover, file: FileToSend): Promise<FileSent | undefined> {
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
    if (isKnown(req.headers['if-none-match'], etag)) { res.writeHead(304).end(); return undefined }
    const choice = chooseRange(req.headers.range, header(req, 'if-range'), etag, size)
    if (choice.kind === 'unsatisfiable') { res.setHeader('content-range', `bytes */${size}`); sendText(res, 416, 'That part is beyond the end of the file.'); return undefined }
    const [start, end] = choice.kind === 'part' ? [choice.start, choice.end] : [0, size - 1]
    const length = end - start + 1
    const status = choice.kind === 'part' ? 206 : 200
    res.setHeader('content-type', file.contentType)
    res.setHeader('Content-Length', length)
    if (choice.kind === 'part') res.setHeader('content-range', `bytes ${start}-${end}/${size}`)
    if (req.method === 'HEAD' || length === 0) { res.writeHead(status).end(); return undefined }
    const began = performance.now()
    const moved = length < movedBytes ? undefined : mover.send(res, status, { path: file.path, start, end })
    file.began?.(length, moved)
    if (!moved) return await stream(handle, res, status, start, end)
    const { sentBytes, complete } = await moved.ended
    return { sizeBytes: sentBytes, milliseconds: Math.round(performance.now() - began), complete }
  } finally {
    await handle.close()
  }
}

/** A short answer in words. */
export function sendText(res: ServerResponse, status: number, text: string): void {
  const body = Buffer.from(`${text.trimEnd()}\n`)
  res.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', 'Content-Length': body.length, 'cache-control': 'no-store' })
  res.end(res.req.method === 'HEAD' ? undefined : body)
}

/** One header as one text, or undefined. */
export const header = (req: IncomingMessage, name: string): string | undefined => {
  const value = req.headers[name]
  return Array.isArray(value) ? value[0] : value
}

/** @see RFC 9110 §13.1.2: weak comparison, and `*` for any version. */
const isKnown = (ifNoneMatch: string | undefined, etag: string): boolean => ifNoneMatch?.split(',').some((tag) => tag.trim() === '*' || tag.trim().replace(/^W\//, '') === etag) === true

async function stream(handle: FileHandle, res: ServerResponse, status: number, start: number, end: number): Promise<FileSent> {
  const began = performance.now()
  res.writeHead(status)
  res.setTimeout(stalledMs, () => res.destroy())
  const source = handle.createReadStream({ start, end, autoClose: false, highWaterMark: 256 * 1024 })
  let complete = true
  // A client that goes away in the middle is ordinary: it is told in the event, not thrown.
  await pipeline(source, res).catch(() => { complete = false })
  res.setTimeout(0)
  return { sizeBytes: source.bytesRead, milliseconds: Math.round(performance.now() - began), complete }
}
