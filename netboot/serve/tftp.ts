import dgram from 'node:dgram'
import { open, type FileHandle } from 'node:fs/promises'
import type { Mac } from '#contract/mac'
import { decodeTftp, encodeTftp, tftpError, type TftpPacket } from '../codec/tftp.ts'
import { chooseFile } from '../policy/choose-file.ts'
import { decideBoot } from '../policy/decide-boot.ts'
import { blockRange, startTransfer, stepTransfer, type Transfer, type TransferAction } from '../policy/tftp-transfer.ts'
import type { BootFile, NetbootLog, NetworkView, Site } from '../site.ts'
import type { Drops } from './drops.ts'
import type { Sender, UdpPort } from './udp.ts'

const sessionLimit = 256
const sessionLimitPerClient = 8

/** What the TFTP server of one network works with. */
export interface TftpWorld {
  readonly site: Site
  readonly port: UdpPort
  /** Where transfers are sent from: each has its own port there. */
  readonly address: string
  /** The network as it is now. */
  readonly network: () => NetworkView
  readonly macOf: (address: string) => Mac | null
  readonly drops: Drops
  readonly log: NetbootLog
  readonly now: () => number
}

/** Serves files of the manifest by TFTP, read only. Returns what ends all transfers. */
export function serveTftp(world: TftpWorld): { close(): void } {
  const sessions = new Map<string, { end: () => void }>()
  world.port.serve(async (bytes, from) => {
    const decoded = decodeTftp(bytes)
    if (!decoded.ok) return world.drops.count('tftp', 'malformed')
    const packet = decoded.value
    if (packet.kind !== 'read' && packet.kind !== 'write') return world.drops.count('tftp', 'not-a-request')
    const key = `${from.address}:${from.port}`
    // The client repeats its request when it heard nothing yet; its transfer is already under way.
    if (sessions.has(key)) return undefined
    const ofClient = Array.from(sessions.keys()).filter((other) => other.startsWith(`${from.address}:`)).length
    if (sessions.size >= sessionLimit || ofClient >= sessionLimitPerClient) return world.drops.count('tftp', 'too-many')

    const refuse = (code: number, message: string): void => {
      world.port.send(encodeTftp({ kind: 'error', code, message }), from)
      world.site.report({ kind: 'tftp.failed', mac: world.macOf(from.address), address: from.address, file: cleanName(packet.file), why: message })
    }
    // The same decision as DHCP and the boot script: who is left alone gets no loader here either.
    const mac = world.macOf(from.address)
    if (mac !== null && decideBoot(world.site.machine(mac), world.network(), true).decision === 'ignore') return world.drops.count('tftp', 'policy-ignore')
    const file = chooseFile(packet.file, (name) => world.site.file(name))
    if (!file.ok) return refuse(tftpError.notFound, 'no such file')
    const started = startTransfer(packet, file.value.sizeBytes)
    if (!started.ok) return refuse(started.fault.code, started.fault.message)
    let isEnded = false
    sessions.set(key, { end: () => { isEnded = true } })
    try {
      const handle = await open(file.value.path, 'r')
      if (isEnded) { await handle.close(); return undefined }
      sessions.set(key, runTransfer(world, file.value, handle, from, started.value, () => sessions.delete(key)))
    } catch (error) {
      sessions.delete(key)
      refuse(tftpError.undefined, 'the file cannot be read now')
      throw new Error(`opening ${file.value.name} for TFTP`, { cause: error })
    }
    return undefined
  }, (reason) => world.drops.count('tftp', reason))
  return { close() { for (const session of Array.from(sessions.values())) session.end() } }
}

/** Runs one transfer on a port of its own, connected to the client, so that nobody else is heard there. */
function runTransfer(world: TftpWorld, file: BootFile, handle: FileHandle, client: Sender, start: { transfer: Transfer; action: TransferAction }, ended: () => void): { end: () => void } {
  const socket = dgram.createSocket('udp4')
  const beganMs = world.now()
  const facts = { mac: world.macOf(client.address), address: client.address, file: file.name }
  let transfer = start.transfer
  let timer: NodeJS.Timeout | undefined
  let isOver = false
  /** Windows are read one after the other: an ACK that comes while one is being read waits its turn. */
  let work: Promise<void> = Promise.resolve()

  const finish = (): void => {
    if (isOver) return
    isOver = true
    clearTimeout(timer)
    socket.close()
    ended()
    handle.close().catch((error: unknown) => world.log.warn({ file: file.name, error: String(error) }, 'tftp.fileNotClosed'))
  }
  const fail = (why: string): void => { if (!isOver) world.site.report({ kind: 'tftp.failed', ...facts, why }); finish() }
  const sendPacket = (packet: TftpPacket): void => { if (!isOver) socket.send(encodeTftp(packet), (error) => { if (error && !isOver) fail(`the client cannot be reached: ${error.message}`) }) }
  const arm = (): void => { clearTimeout(timer); if (!isOver) timer = setTimeout(() => step({ kind: 'timeout' }), transfer.timeoutMs) }

  const act = async (action: TransferAction): Promise<void> => {
    switch (action.kind) {
      case 'wait': return
      case 'sendOptions': sendPacket({ kind: 'optionAck', options: transfer.agreed ?? new Map() }); return arm()
      case 'sendBlocks': {
        const first = blockRange(transfer, action.from).start
        const bytes = await readFully(handle, first, blockRange(transfer, action.to).end - first)
        for (let block = action.from; block <= action.to; block += 1) {
          const { start, end } = blockRange(transfer, block)
          sendPacket({ kind: 'data', block: block & 0xffff, bytes: bytes.subarray(start - first, end - first) })
        }
        return arm()
      }
      case 'done':
        world.site.report({ kind: 'tftp.sent', ...facts, sizeBytes: file.sizeBytes, milliseconds: world.now() - beganMs })
        return finish()
      case 'abort':
        if (!action.quiet) sendPacket({ kind: 'error', code: tftpError.undefined, message: 'no answer' })
        return action.normal ? finish() : fail(action.why)
    }
  }
  const run = (action: TransferAction): void => {
    work = work.then(() => (isOver ? undefined : act(action))).catch((error: unknown) => {
      world.log.error({ file: file.name, err: error }, 'tftp.broken')
      sendPacket({ kind: 'error', code: tftpError.undefined, message: 'the file cannot be read now' })
      fail('the file cannot be read')
    })
  }
  const step = (event: Parameters<typeof stepTransfer>[1]): void => {
    const next = stepTransfer(transfer, event)
    transfer = next.transfer
    if (next.action.kind !== 'wait') run(next.action)
  }

  socket.on('message', (bytes) => {
    const packet = decodeTftp(bytes)
    if (!packet.ok) return world.drops.count('tftp', 'malformed')
    if (packet.value.kind === 'ack' || packet.value.kind === 'error') return step(packet.value)
    return world.drops.count('tftp', 'not-a-request')
  })
  // ECONNREFUSED: the client's port is closed, so it has gone.
  socket.on('error', (error) => fail(`the client has gone: ${error.message}`))
  socket.bind({ port: 0, address: world.address, exclusive: true }, () => socket.connect(client.port, client.address, () => {
    if (isOver) return
    world.site.report({ kind: 'tftp.started', ...facts, sizeBytes: file.sizeBytes, blockSize: transfer.blockSize, windowSize: transfer.windowSize })
    run(start.action)
  }))
  return { end: () => fail('the server stops') }
}

async function readFully(handle: FileHandle, position: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length)
  let done = 0
  while (done < length) {
    const { bytesRead } = await handle.read(bytes, done, length - done, position + done)
    if (bytesRead === 0) throw new Error(`the file is shorter than its manifest says: ${position + done} bytes`)
    done += bytesRead
  }
  return bytes
}

const cleanName = (name: string): string => name.replaceAll(/[^\u0020-\u007e]/g, '?').slice(0, 128)
