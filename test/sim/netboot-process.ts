import { createInterface } from 'node:readline'
import { openPacketStore } from '#control/blackbox/packet-store'
import type { MachineView, NetworkView, Reservation } from '#netboot/site'
import { startNetboot, type Netboot } from '#netboot/serve/netboot'
import { memorySite } from './memory-site.ts'

/**
 * Netboot with a site in memory as a process of its own, to be run in a network namespace: `tsx netboot-process.ts CONFIG-JSON`.
 * Prints `{"ready":true}`, then each event and log line as JSON. Takes changes as JSON lines on stdin; ends when stdin ends.
 */
/** A network whose option values are lists of bytes: JSON has no byte arrays. */
type PlainNetwork = Omit<NetworkView, 'options'> & { options: { code: number; value: number[] }[] }
interface Config { networks: PlainNetwork[]; files?: Record<string, string>; chunkFolder?: string; downloadLimit?: number; packetFolder?: string; machines?: Record<string, MachineView> }
type Change = { machine?: [string, MachineView]; networks?: PlainNetwork[]; reservations?: Reservation[]; policy?: NetworkView['policy']; isBroken?: boolean; cannotStore?: boolean; /** The clock is put forward by so much: what waits half a minute happens now. */ aheadMs?: number; /** Netboot is ended and started again over what is stored. */ restart?: true }

const config = JSON.parse(process.argv[2] ?? '{}') as Config
const say = (line: object): void => { process.stdout.write(`${JSON.stringify(line)}\n`) }
const revive = (networks: readonly PlainNetwork[]): NetworkView[] => networks.map((network) => ({ ...network, options: network.options.map(({ code, value }) => ({ code, value: Uint8Array.from(value) })) }))
const site = memorySite(revive(config.networks), config.files ?? {}, config.chunkFolder ?? '')
for (const [mac, view] of Object.entries(config.machines ?? {})) site.machines.set(mac, view)
site.heard = (event) => say({ event })
if (config.packetFolder !== undefined) {
  const packets = openPacketStore(config.packetFolder, { isKnown: (mac) => site.machines.has(mac), now: Date.now, broken: (error) => say({ log: 'packets.broken', level: 'error', fields: { err: String(error) } }) })
  site.record = (frames) => packets.add(frames)
}
const logLine = (level: string) => (fields: object, event: string) => say({ log: event, level, fields: { ...fields, ...('err' in fields ? { err: String(fields.err) } : {}) } })
let aheadMs = 0
const start = (): Promise<Netboot> => startNetboot({ site, now: () => Date.now() + aheadMs, ...(config.downloadLimit === undefined ? {} : { downloadLimit: config.downloadLimit }), log: { debug: logLine('debug'), info: logLine('info'), warn: logLine('warn'), error: logLine('error') } })
let netboot = await start()
say({ ready: true })

const changes = createInterface({ input: process.stdin })
changes.on('line', (line) => {
  const change = JSON.parse(line) as Change
  if (change.machine) site.machines.set(...change.machine)
  if (change.policy) site.networksNow = site.networksNow.map((network) => ({ ...network, policy: change.policy as NetworkView['policy'] }))
  if (change.networks) site.networksNow = revive(change.networks)
  if (change.reservations) site.reservationsNow = change.reservations
  if (change.isBroken !== undefined) site.isBroken = change.isBroken
  if (change.cannotStore !== undefined) site.cannotStore = change.cannotStore
  if (change.aheadMs !== undefined) aheadMs += change.aheadMs
  if (change.restart !== true) return void say({ changed: true })
  netboot.close().then(start).then((started) => { netboot = started; say({ changed: true }) }, (error: unknown) => say({ log: 'restart.failed', level: 'error', fields: { err: String(error) } }))
})
changes.on('close', () => { netboot.close().then(() => process.exit(0), () => process.exit(1)) })
