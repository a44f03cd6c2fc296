import http, { type IncomingMessage, type ServerResponse } from 'node:http'
import { parseMac, type Mac } from '#contract/mac'
import { cleanLine } from '../../codec/syslog.ts'
import { parseUuid } from '../../codec/uuid.ts'
import { chooseBootItem, chooseFile } from '../../policy/boot/choose-file.ts'
import { composeDriveProbe, probedDrives, probeName } from '../../policy/boot/drive-probe.ts'
import { installedRoot } from '../../policy/boot/installed-root.ts'
import { renderGrubEntry, renderGrubTrouble } from '../../policy/boot/render-grub.ts'
import { renderEntry, renderTrouble } from '../../policy/boot/render-ipxe.ts'
import { bootFileNames, type NetbootLog, type NetworkView, type ScriptFacts, type Site } from '../../site.ts'
import { bootScript, grubFacts, speaksForItself } from '../boot-script.ts'
import { listenForCrowd } from './crowd-listener.ts'
import type { Downloads } from './downloads.ts'
import type { Drops } from '../drops.ts'
import type { FileMover } from './file-mover-thread.ts'
import { sendFile, sendText, type FileSent, type FileToSend } from './http-file.ts'
import { localBootCopies } from './local-boot.ts'
import { takeLogStreams } from '../logs/log-stream.ts'

/** Connections to one address at a time. */
export const connectionLimit = 2048
/** A client that takes no byte of an answer for this long has gone. */
const stalledMs = 120_000

/** What the boot HTTP server of one network works with. */
export interface BootHttpWorld {
  readonly site: Site
  /** The network of a client's address, or this server's own, as it is now. */
  readonly network: (client?: string) => NetworkView
  /** This server's address, as URLs write it. */
  readonly host: string
  /** Who has this address by our leases or as a neighbour on the wire, or null. */
  readonly macOf: (address: string) => Mac | null
  /** Called with every client's address. */
  readonly note: (address: string) => void
  readonly drops: Drops
  readonly mover: FileMover
  readonly downloads: Downloads
  readonly log: NetbootLog
  readonly now: () => number
}

/** Answers one request, or resolves to false where the path is not the boot server's. Never rejects. */
export type BootHandler = (req: IncomingMessage, res: ServerResponse) => Promise<boolean>

/** The boot server as a plain handler of requests: `contract/machine-api` lists them. */
export function bootHandler(world: BootHttpWorld): BootHandler {
  const logs = takeLogStreams(world.site, world.drops, world.now)
  const copies = localBootCopies()
  return async (req, res) => {
    const [rawPath = '/', query = ''] = (req.url ?? '/').split('?', 2)
    // Quirk: shim asks for //grubx64.efi (uefi-secboot-httpboot-shim.pcap).
    const path = rawPath.replaceAll(/\/+/g, '/')
    try {
      world.note(clientAddress(req))
      return await route(world, logs, copies, req, res, path, query)
    } catch (error) {
      // The HTTP boundary: broken is 503, and every client of this server asks again.
      world.drops.count('http', 'broken')
      world.log.error({ path: path.slice(0, 200), err: error }, 'http.broken')
      if (res.headersSent) res.destroy()
      else if (path.startsWith('/boot/')) sendScript(res, 503, renderTrouble(world.host))
      // GRUB takes no script from a 503, and asks again after any that returns.
      else if (path.startsWith('/grub/')) sendScript(res, 200, renderGrubTrouble())
      else sendText(res, 503, 'The appliance cannot answer now; ask again in a few seconds.')
      return true
    }
  }
}

/** Listens for boot requests on one address; `refused` hears of every connection above the limit. Rejects where the port is taken. */
export function createBootHttp(handler: BootHandler, address: string, port: number, refused: () => void): Promise<{ close(): Promise<void> }> {
  const server = http.createServer({ headersTimeout: 15_000, requestTimeout: 0, keepAliveTimeout: 10_000, maxHeaderSize: 8192 }, (req, res) => {
    handler(req, res).then((isOurs) => { if (!isOurs) sendText(res, 404, 'There is nothing here.') }, () => res.destroy())
  })
  return listenForCrowd(server, { host: address, port }, connectionLimit, refused)
}

async function route(world: BootHttpWorld, logs: ReturnType<typeof takeLogStreams>, copies: ReturnType<typeof localBootCopies>, req: IncomingMessage, res: ServerResponse, path: string, query: string): Promise<boolean> {
  const [, room = '', ...rest] = path.split('/')
  const name = rest.join('/')
  const isRead = req.method === 'GET' || req.method === 'HEAD'
  if (room === 'log' && rest.length === 1) return takeLog(world, logs, req, res, name)
  if (!['boot.ipxe', 'autoexec.ipxe', 'boot', 'grub', 'files', 'chunks'].includes(room)) return false
  if (!isRead) { res.setHeader('allow', 'GET, HEAD'); sendText(res, 405, 'Only GET and HEAD are known here.'); return true }
  if (room === 'boot.ipxe' || room === 'autoexec.ipxe') { sendScript(res, 200, renderEntry(world.host)); return true }
  if (room === 'boot' && rest.length === 2 && rest[1] === bootFileNames.localBootUefi) { await sendLocalBoot(world, copies, req, res, rest[0] ?? ''); return true }
  if (room === 'boot' && rest.length === 2) { sendDriveProbe(world, res, rest[0] ?? '', rest[1] ?? ''); return true }
  if (room === 'boot') { sendBoot(world, req, res, name, query); return true }
  if (room === 'grub') { sendGrub(world, req, res, path); return true }
  if (room === 'files') { await sendBootFile(world, req, res, name); return true }
  await sendChunk(world, req, res, name)
  return true
}

function sendBoot(world: BootHttpWorld, req: IncomingMessage, res: ServerResponse, name: string, query: string): void {
  const mac = parseMac(name)
  if (!mac) return sendText(res, 400, 'The path must be /boot/ and a hardware address.')
  const address = clientAddress(req)
  sendScript(res, 200, bootScript(world.site, 'ipxe', { mac, address, network: world.network(address), host: world.host, client: readScriptFacts(query), isReported: req.method === 'GET' && isOwn(world, mac, address) }))
}

/** Whether this boot is reported as the machine's; whoever asks with another's address gets the script, and is counted. */
function isOwn(world: BootHttpWorld, mac: Mac, address: string): boolean {
  const own = speaksForItself(world.site, world.macOf(address), mac)
  if (!own) world.drops.count('http', 'not-for-us')
  return own
}

/** The GRUB that starts a machine's disk, in a copy that knows its root file system. Where none is known it is the file itself, as of the manifest. */
async function sendLocalBoot(world: BootHttpWorld, copies: ReturnType<typeof localBootCopies>, req: IncomingMessage, res: ServerResponse, name: string): Promise<void> {
  const mac = parseMac(name)
  if (!mac) return sendText(res, 400, 'The path must be /boot/, a hardware address and the name of the loader.')
  const root = installedRoot(world.site.machine(mac))
  const file = world.site.file(bootFileNames.localBootUefi)
  if (root === undefined || file === undefined) return sendBootFile(world, req, res, bootFileNames.localBootUefi)
  const parts = await copies(file, root)
  const sizeBytes = parts.reduce((sum, part) => sum + part.length, 0)
  res.writeHead(200, { 'content-type': 'application/efi', 'Content-Length': sizeBytes, 'cache-control': 'no-store' })
  if (req.method === 'HEAD') { res.end(); return }
  const [address, began] = [clientAddress(req), performance.now()]
  res.once('close', () => world.site.report({ kind: 'file.sent', mac, address, file: file.name, sizeBytes, milliseconds: Math.round(performance.now() - began), complete: res.writableFinished }))
  res.setTimeout(stalledMs, () => res.destroy())
  for (const part of parts) res.write(part)
  res.end()
}

/** The program that says to a BIOS machine's iPXE whether a drive is the one that was installed. */
function sendDriveProbe(world: BootHttpWorld, res: ServerResponse, name: string, probe: string): void {
  const mac = parseMac(name)
  const drive = probedDrives.find((one) => probeName(one) === probe)
  const root = mac ? installedRoot(world.site.machine(mac)) : undefined
  if (!mac) return sendText(res, 400, 'The path must be /boot/, a hardware address and what is asked for.')
  if (drive === undefined || root === undefined) return sendText(res, 404, 'There is nothing of that name for this machine.')
  const program = composeDriveProbe(root, drive)
  res.writeHead(200, { 'content-type': 'application/octet-stream', 'Content-Length': program.length, 'cache-control': 'no-store' })
  res.end(res.req.method === 'HEAD' ? undefined : program)
}

/** What the signed GRUB asks for where its firmware booted by HTTP. */
function sendGrub(world: BootHttpWorld, req: IncomingMessage, res: ServerResponse, path: string): void {
  const item = chooseBootItem(path, () => undefined)
  if (!item.ok || item.value.kind === 'file') return sendText(res, 404, 'GRUB goes on without this.')
  if (item.value.kind !== 'grubOrder') return sendScript(res, 200, renderGrubEntry('/files'))
  const address = clientAddress(req)
  const mac = item.value.mac ?? world.macOf(address)
  if (mac === null) return sendScript(res, 200, renderGrubTrouble())
  return sendScript(res, 200, bootScript(world.site, 'grubByHttp', { mac, address, network: world.network(address), host: world.host, client: grubFacts, isReported: req.method === 'GET' && isOwn(world, mac, address) }))
}

async function sendBootFile(world: BootHttpWorld, req: IncomingMessage, res: ServerResponse, name: string): Promise<void> {
  const file = chooseFile(name, (key) => world.site.file(key))
  if (!file.ok) return sendText(res, 404, 'The boot manifest has no file of that name.')
  const address = clientAddress(req)
  const sent = await sendWatched(world, req, res, address, file.value.name, { ...file.value, contentType: name.endsWith('.efi') ? 'application/efi' : 'application/octet-stream', absentIs404: false })
  if (sent) world.site.report({ kind: 'file.sent', mac: world.macOf(address), address, file: file.value.name, ...sent })
}

async function sendChunk(world: BootHttpWorld, req: IncomingMessage, res: ServerResponse, name: string): Promise<void> {
  if (!/^[0-9a-f]{128}$/.test(name)) return sendText(res, 400, 'A chunk is named by 128 lower-case hex digits.')
  const path = world.site.chunkPath(name)
  if (path === undefined) return sendText(res, 404, 'There is no such chunk.')
  const address = clientAddress(req)
  if (!(await world.downloads.admit(req, res, address))) return
  try {
    await sendWatched(world, req, res, address, `chunks/${name}`, { path, sha256: name, contentType: 'application/zstd', absentIs404: true })
  } finally {
    world.downloads.leave(address)
  }
}

async function sendWatched(world: BootHttpWorld, req: IncomingMessage, res: ServerResponse, address: string, label: string, file: FileToSend): Promise<FileSent | undefined> {
  let watched: ReturnType<Downloads['began']> | undefined
  let sent: FileSent | undefined
  try {
    sent = await sendFile(req, res, world.mover, { ...file, began: (length, moved) => { watched = world.downloads.began(address, label, length, moved) } })
    return sent
  } finally {
    watched?.ended(sent?.sizeBytes ?? 0)
  }
}

function takeLog(world: BootHttpWorld, logs: ReturnType<typeof takeLogStreams>, req: IncomingMessage, res: ServerResponse, name: string): boolean {
  const mac = parseMac(name)
  const address = clientAddress(req)
  if (req.method !== 'POST') { res.setHeader('allow', 'POST'); sendText(res, 405, 'Log lines are sent with POST.') }
  else if (!mac) sendText(res, 400, 'The path must be /log/ and a hardware address.')
  // A machine writes its own log only: the lease, or the wire, says who has this address.
  else if (!speaksForItself(world.site, world.macOf(address), mac)) { world.drops.count('log', 'not-for-us'); sendText(res, 403, 'This address belongs to another machine.') }
  else logs.take(req, res, mac, address)
  return true
}

/** Quirk: GRUB knows `Content-Length` in this spelling only, and takes a file without it for an empty one. */
function sendScript(res: ServerResponse, status: number, script: string): void {
  const body = Buffer.from(script)
  res.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', 'Content-Length': body.length, 'cache-control': 'no-store' })
  res.end(res.req.method === 'HEAD' ? undefined : body)
}

/** What iPXE put into the query: claims, bounded and stripped. @see https://ipxe.org/cfg for the settings behind them */
function readScriptFacts(query: string): ScriptFacts {
  const params = new URLSearchParams(query.slice(0, 1000))
  const platform = params.get('platform')
  return {
    uuid: parseUuid(params.get('uuid') ?? ''), platform: platform === 'efi' || platform === 'pcbios' ? platform : null,
    buildArchitecture: cleanLine(params.get('arch') ?? '').slice(0, 16), serial: cleanLine(params.get('serial') ?? '').slice(0, 100),
  }
}

const clientAddress = (req: IncomingMessage): string => (req.socket.remoteAddress ?? '').replace(/^::ffff:/, '')
