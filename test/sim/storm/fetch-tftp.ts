import { createSocket } from 'node:dgram'
import { decodeTftp, encodeTftp, tftpError, type TftpPacket } from '#netboot/codec/tftp'
import { bindLeased } from './leased-address.ts'
import type { Impairment } from './impairment.ts'

/** What to fetch, and by whom. */
export interface TftpWish {
  readonly server: string
  readonly file: string
  readonly from: string
  readonly impair: Impairment
  readonly signal: AbortSignal
}

const retryMs = 1000
const mostRetries = 6

/**
 * Fetches a file as firmware does (tsize, blksize 1468, windowsize 4) and resolves to its size. Resolves to undefined where the server refuses
 * or falls silent: the firmware begins again. @see RFC 1350, 2347 to 2349, 7440
 */
export async function fetchTftp({ server, file, from, impair, signal }: TftpWish): Promise<number | undefined> {
  const socket = createSocket('udp4')
  try {
    await bindLeased(socket, from, signal)
    return await new Promise<number | undefined>((resolve) => {
      let [peer, next, blockBytes, window, inWindow, size, tries, askedFor] = [0, 1, 512, 1, 0, 0, 0, 0]
      let last: { bytes: Uint8Array; port: number } | undefined
      let [isOver, isUnderWay] = [false, false]
      let timer: NodeJS.Timeout | undefined
      const end = (result: number | undefined): void => {
        if (isOver) return
        isOver = true
        clearTimeout(timer)
        signal.removeEventListener('abort', stop)
        resolve(result)
      }
      const stop = (): void => end(undefined)
      const transmit = (): void => {
        const now = last
        if (now !== undefined) impair(() => { if (!isOver) socket.send(now.bytes, now.port, server) })
      }
      const arm = (): void => {
        clearTimeout(timer)
        timer = setTimeout(() => {
          if ((tries += 1) > mostRetries) return end(undefined)
          // What it said last may be older than what it has: its ACK falls due only with a full window.
          if (isUnderWay) acknowledge(next - 1)
          else transmit()
          arm()
        }, retryMs)
      }
      const send = (packet: TftpPacket, port: number): void => {
        last = { bytes: encodeTftp(packet), port }
        transmit()
      }
      const acknowledge = (block: number): void => { inWindow = 0; send({ kind: 'ack', block: block & 0xffff }, peer) }
      const take = (packet: TftpPacket): void => {
        switch (packet.kind) {
          case 'error': return end(undefined)
          case 'optionAck':
            if (next > 1) return
            blockBytes = Number(packet.options.get('blksize') ?? 512)
            window = Number(packet.options.get('windowsize') ?? 1)
            isUnderWay = true
            acknowledge(0)
            return arm()
          case 'data': {
            if (packet.block !== (next & 0xffff)) {
              // Out of order: say once where we are; a block that came before is left alone.
              if (((packet.block - next) & 0xffff) < 0x8000 && askedFor !== next) { askedFor = next; acknowledge(next - 1) }
              return
            }
            isUnderWay = true
            tries = 0
            next += 1
            inWindow += 1
            size += packet.bytes.length
            arm()
            if (packet.bytes.length < blockBytes) { acknowledge(packet.block); return end(size) }
            if (inWindow >= window) acknowledge(packet.block)
          }
        }
      }
      signal.addEventListener('abort', stop, { once: true })
      socket.on('error', () => end(undefined))
      socket.on('message', (bytes, sender) => impair(() => {
        if (isOver || sender.address !== server) return
        if (peer === 0) peer = sender.port
        if (sender.port !== peer) return void socket.send(encodeTftp({ kind: 'error', code: tftpError.unknownTransfer, message: 'unknown transfer' }), sender.port, server)
        const packet = decodeTftp(bytes)
        if (packet.ok) take(packet.value)
      }))
      send({ kind: 'read', file, mode: 'octet', options: new Map([['tsize', '0'], ['blksize', '1468'], ['windowsize', '4']]) }, 69)
      arm()
    })
  } finally {
    // The last ACK may still wait in the queue of this socket.
    setTimeout(() => socket.close(), 50)
  }
}
