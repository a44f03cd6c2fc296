import { appendFile, mkdir, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises'
import { mkdirSync, readdirSync, statSync } from 'node:fs'
import path from 'node:path'
import type { Mac } from '#contract/mac'
import { decodePcap, encodePcapFrame, encodePcapHeader, pcapFileHeaderBytes, type CapturedFrame } from '#netboot/codec/pcap'
import type { RecordedFrame } from '#netboot/site'

/** Limits: of a machine's newer and older file each, of all files, of age, of what waits in memory, and of strangers' recordings. */
export interface PacketLimits { readonly fileBytes: number; readonly totalBytes: number; readonly ageMs: number; readonly waitingBytes: number; readonly strangers: number }
const standard: PacketLimits = { fileBytes: 192 * 1024, totalBytes: 256 * 1024 * 1024, ageMs: 14 * 24 * 3600_000, waitingBytes: 16 * 1024 * 1024, strangers: 256 }

/** Each machine's packets on disk: two capture files, of which the older goes when the newer is full. They open in any capture tool as they are. */
export interface PacketStore {
  /** Takes frames; they reach the disk within some seconds. Never throws. */
  add(frames: readonly RecordedFrame[]): void
  /** What is kept of one address, oldest first. */
  frames(mac: Mac): Promise<CapturedFrame[]>
  /** The same as a capture file; empty of frames where nothing is kept. */
  capture(macs: readonly Mac[]): Promise<Uint8Array>
  /** Which addresses are recorded, the most recently heard first. */
  macs(): { mac: Mac; bytes: number; lastAtMs: number }[]
  remove(mac: Mac): Promise<void>
  /** Frames that were left out because too much waited. */
  dropped(): number
  close(): Promise<void>
}

interface Recording { readonly mac: Mac; waiting: Uint8Array[]; waitingBytes: number; newer: number; older: number; lastAtMs: number; isChecked: boolean }

const flushMs = 1000
const pauseAfter = 32
/** A stranger that was silent for so long makes room for the next one: a flood of made-up addresses writes no more files than that. */
const strangerMs = 60_000

/**
 * Opens the store in `folder`.
 *
 * INVARIANTS: one file operation at a time, in order (`work`); what waits in memory is bounded for each address and in all; a file is cut
 * back to its last whole frame before the first append after a start; known machines are never pushed out by strangers.
 */
export function openPacketStore(folder: string, deps: { isKnown(mac: Mac): boolean; now(): number; broken(error: unknown): void }, limits: PacketLimits = standard): PacketStore {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const all = new Map<Mac, Recording>()
  let waitingBytes = 0
  let dropped = 0
  let room = 0
  let work: Promise<unknown> = Promise.resolve()
  const fileOf = (mac: Mac, which: 'newer' | 'older'): string => path.join(folder, `${mac.replaceAll(':', '')}${which === 'older' ? '.1' : ''}.pcap`)
  const fresh = (mac: Mac): Recording => ({ mac, waiting: [], waitingBytes: 0, newer: 0, older: 0, lastAtMs: 0, isChecked: false })
  for (const name of readdirSync(folder)) {
    const match = /^([0-9a-f]{12})(\.1)?\.pcap$/.exec(name)
    if (match?.[1] === undefined) continue
    const mac = (match[1].match(/../g) as string[]).join(':')
    const { size, mtimeMs } = statSync(path.join(folder, name))
    const recording = all.get(mac) ?? fresh(mac)
    recording[match[2] === undefined ? 'newer' : 'older'] = size
    recording.lastAtMs = Math.max(recording.lastAtMs, mtimeMs)
    all.set(mac, recording)
  }
  const inOrder = <T>(act: () => Promise<T>): Promise<T> => {
    const next = work.then(act)
    work = next.catch(() => undefined)
    return next
  }

  async function write(recording: Recording): Promise<void> {
    if (recording.waiting.length === 0) return
    const bytes = Buffer.concat(recording.waiting)
    waitingBytes -= recording.waitingBytes
    recording.waiting = []
    recording.waitingBytes = 0
    const file = fileOf(recording.mac, 'newer')
    if (!recording.isChecked) await check(recording, file)
    if (recording.newer + bytes.length > limits.fileBytes && recording.newer > pcapFileHeaderBytes) {
      await rename(file, fileOf(recording.mac, 'older'))
      recording.older = recording.newer
      recording.newer = 0
    }
    if (recording.newer === 0) {
      await mkdir(folder, { recursive: true, mode: 0o700 })
      await writeFile(file, Buffer.concat([encodePcapHeader(), bytes]), { mode: 0o600 })
      recording.newer = pcapFileHeaderBytes + bytes.length
    } else {
      await appendFile(file, bytes)
      recording.newer += bytes.length
    }
  }
  async function check(recording: Recording, file: string): Promise<void> {
    recording.isChecked = true
    if (recording.newer === 0) return
    const decoded = decodePcap(await readFile(file))
    recording.newer = decoded.ok ? decoded.value.wholeBytes : 0
    if (decoded.ok) await truncate(file, recording.newer)
  }
  const erase = async (recording: Recording): Promise<void> => {
    all.delete(recording.mac)
    waitingBytes -= recording.waitingBytes
    for (const which of ['newer', 'older'] as const) await rm(fileOf(recording.mac, which), { force: true })
  }
  async function flush(): Promise<void> {
    let written = 0
    for (const recording of Array.from(all.values())) {
      if (recording.waiting.length === 0) continue
      await write(recording)
      written += 1
      if (written % pauseAfter === 0) await new Promise((resolve) => { setTimeout(resolve, 20) })
    }
    if (written > 0) await forgetOld()
  }
  /** The oldest of strangers go first, then the oldest of all. */
  async function forgetOld(): Promise<void> {
    const byAge = [...all.values()].sort((a, b) => a.lastAtMs - b.lastAtMs)
    const strangers = byAge.filter(({ mac }) => !deps.isKnown(mac))
    const doomed = new Set<Recording>([...byAge.filter(({ lastAtMs }) => lastAtMs < deps.now() - limits.ageMs), ...strangers.slice(0, Math.max(0, strangers.length - limits.strangers))])
    let sum = byAge.reduce((bytes, { newer, older }) => bytes + newer + older, 0)
    for (const recording of [...strangers, ...byAge]) {
      if (sum <= limits.totalBytes) break
      if (!doomed.has(recording)) sum -= recording.newer + recording.older
      doomed.add(recording)
    }
    for (const recording of doomed) await erase(recording)
  }
  let nextLookMs = 0
  /** In a flood of made-up addresses this is asked thousands of times a second: it looks once a second at most. */
  function hasRoomForStranger(): boolean {
    if (room > 0) { room -= 1; return true }
    if (deps.now() < nextLookMs) return false
    nextLookMs = deps.now() + 1000
    const strangers = [...all.values()].filter(({ mac }) => !deps.isKnown(mac))
    const silent = strangers.filter(({ lastAtMs }) => lastAtMs < deps.now() - strangerMs).sort((a, b) => a.lastAtMs - b.lastAtMs)
    for (const old of silent.slice(0, Math.max(0, strangers.length + 16 - limits.strangers))) inOrder(() => erase(old)).catch(deps.broken)
    room = Math.max(0, limits.strangers - strangers.length + silent.length)
    return room > 0
  }
  /** The recording of an address; undefined where there are too many strangers just now. */
  function recordingOf(mac: Mac): Recording | undefined {
    const kept = all.get(mac)
    if (kept !== undefined) return kept
    if (!deps.isKnown(mac) && !hasRoomForStranger()) return undefined
    const made = fresh(mac)
    all.set(mac, made)
    return made
  }
  const timer = setInterval(() => { inOrder(flush).catch(deps.broken) }, flushMs).unref()

  async function read(mac: Mac): Promise<CapturedFrame[]> {
    const recording = all.get(mac)
    if (recording === undefined) return []
    await write(recording)
    const parts: CapturedFrame[] = []
    for (const which of ['older', 'newer'] as const) {
      if (recording[which] === 0) continue
      const decoded = decodePcap(await readFile(fileOf(mac, which)))
      if (decoded.ok) parts.push(...decoded.value.frames)
    }
    return parts
  }
  const frames = (mac: Mac): Promise<CapturedFrame[]> => inOrder(() => read(mac))

  return {
    add(news) {
      for (const frame of news) {
        const recording = recordingOf(frame.mac)
        if (recording === undefined || waitingBytes + frame.bytes.length > limits.waitingBytes || recording.waitingBytes + frame.bytes.length > limits.fileBytes / 2) {
          dropped += 1
          continue
        }
        const bytes = encodePcapFrame(frame)
        recording.waiting.push(bytes)
        recording.waitingBytes += bytes.length
        recording.lastAtMs = frame.atMs
        waitingBytes += bytes.length
      }
    },
    frames,
    async capture(macs) {
      const parts = (await Promise.all(macs.map(frames))).flat().sort((a, b) => a.atMs - b.atMs)
      return Buffer.concat([encodePcapHeader(), ...parts.map(encodePcapFrame)])
    },
    macs: () => [...all.values()].map(({ mac, newer, older, waitingBytes: more, lastAtMs }) => ({ mac, bytes: newer + older + more, lastAtMs })).sort((a, b) => b.lastAtMs - a.lastAtMs),
    remove: (mac) => inOrder(async () => {
      const recording = all.get(mac)
      if (recording) await erase(recording)
    }),
    dropped: () => dropped,
    async close() {
      clearInterval(timer)
      await inOrder(flush)
    },
  }
}

