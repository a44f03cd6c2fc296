import { execFile } from 'node:child_process'
import { setTimeout as wait } from 'node:timers/promises'
import { promisify } from 'node:util'
import { openApplianceWorld, type ApplianceWorld } from '../sim/appliance-world.ts'
import { openAttackers, watchMemory, type MemoryUse } from './attackers.ts'
import { datagramProtocols, seedsOf, type DatagramProtocol } from './corpus.ts'

/** What became of a control process under hostile traffic. */
export interface LiveOutcome {
  /** Sent by protocol. */
  readonly sent: Record<string, number>
  /** Whether the process of the beginning still runs and says that it is well. */
  readonly isAlive: boolean
  /** Requests that a server answered, by server. */
  readonly answered: Record<string, number>
  /** Connections that their client had ended and a server kept all the same. */
  readonly stuck: number
  /** Known clients that got their address in between, of so many. */
  readonly served: { readonly clients: number; readonly of: number }
  /** Exceptions that reached a receiver's last resort: each is counted as a drop of the reason `broken`. */
  readonly exceptions: { readonly logged: number; readonly counted: number }
  /** Datagrams counted as dropped, of whatever reason, and those of DHCPv6 alone. */
  readonly dropped: number
  readonly dropped6: number
  readonly rssBytes: MemoryUse
  /** What control logged at level error, a line each, at most twenty. */
  readonly errors: string[]
}

/** The three servers of HTTP. */
export type HttpServer = 'boot HTTP' | 'machine HTTPS' | 'operator API'

/** How much is sent: datagrams to each of six ports, requests to each of three servers. */
export interface LivePlan { readonly datagrams: number; readonly requests: Readonly<Record<HttpServer, number>>; readonly seed?: number; readonly perSecond?: number; onProgress?(what: string): void }

const server = '10.78.0.1'
const [prefix6, server6] = ['fd00:78::/64', 'fd00:78::1']
const clientsBetween = 10

/** Floods a real control with mutated packets and requests on every port it has, and looks after each flood whether known clients are served. Needs root. */
export async function fuzzLive(plan: LivePlan): Promise<LiveOutcome> {
  const seed = plan.seed ?? 1
  const world = await openApplianceWorld('fz')
  const attackers = openAttackers(world)
  try {
    await world.control.start()
    await world.dora(clientsBetween, clientsBetween)
    const { pid } = world.control
    const memory = watchMemory(pid)
    const sent: Record<string, number> = {}
    const answered: Record<string, number> = {}
    let stuck = 0
    let rounds = 1
    const after = async (name: string, count: number): Promise<void> => {
      sent[name] = count
      await world.dora(clientsBetween, clientsBetween)
      rounds += 1
      plan.onProgress?.(name)
    }
    const { sources, sources6 } = attackers
    await serveIpv6(world)
    const flood = await attackers.start('flood-client')
    for (const protocol of Object.keys(datagramProtocols) as DatagramProtocol[]) {
      const [to, from] = protocol === 'dhcp6' ? [server6, sources6] : [server, sources]
      const done = await flood({ seeds: seedsOf(protocol).map((bytes) => Buffer.from(bytes).toString('base64')), port: datagramProtocols[protocol], server: to, from, packets: plan.datagrams, seed, perSecond: plan.perSecond ?? 10_000 })
      await after(protocol, Number(done['sent']))
    }
    const http = await attackers.start('hostile-http')
    for (const [name, target] of Object.entries(httpTargets(world)) as [HttpServer, Target][]) {
      const done = await http({ host: server, ...target, requests: plan.requests[name], atOnce: 32, seed })
      answered[name] = Number(done['answered'])
      stuck += Number(done['stuck'])
      await after(name, Number(done['sent']))
    }
    const rssBytes = memory.end()
    const exceptions = await untilCounted(world)
    const health = await world.control.api('GET', '/healthz')
    const dropped = await untilDropped(world, plan.datagrams)
    return {
      sent, answered, stuck, isAlive: world.control.pid === pid && health.status === 200, served: { clients: new Set(world.acks.map((ack) => ack.mac)).size, of: rounds * clientsBetween },
      exceptions, ...dropped, rssBytes,
      errors: world.control.output.split('\n').filter((line) => /"level":(50|60)|^\w*Error:/.test(line)).slice(0, 20).map((line) => line.slice(0, 600)),
    }
  } finally {
    attackers.close()
    await world.close()
  }
}

/** Gives the network IPv6 and waits until it is served. */
async function serveIpv6(world: ApplianceWorld): Promise<void> {
  const set = await world.control.api('PATCH', 'networks/provisioning', { ipv6Prefix: prefix6 })
  if (set.status !== 200) throw new Error(`IPv6 was not set: ${JSON.stringify(set.value)}`)
  const curl = ['netns', 'exec', world.clientSpace, 'curl', '-sg', '-o', '/dev/null', '--max-time', '2', `http://[${server6}]/boot.ipxe`]
  for (const end = Date.now() + 30_000; ; await wait(200)) {
    if (await promisify(execFile)('ip', curl).then(() => true, () => false)) return
    if (Date.now() > end) throw new Error('IPv6 is not served within 30 s')
  }
}

/** The drops once more than `sent` are counted, and more than half as many of DHCPv6; netboot tells its sums every ten seconds. */
async function untilDropped(world: ApplianceWorld, sent: number): Promise<Pick<LiveOutcome, 'dropped' | 'dropped6'>> {
  for (const end = Date.now() + 15_000; ; await wait(200)) {
    const metrics = await world.control.text('/metrics')
    const [dropped, dropped6] = [sum(metrics, /^systemcloud_dropped_total\{[^}]*\} (\d+)/gm), sum(metrics, /^systemcloud_dropped_total\{receiver="dhcp6"[^}]*\} (\d+)/gm)]
    if ((dropped > sent && dropped6 > sent / 2) || Date.now() > end) return { dropped, dropped6 }
  }
}

/** What was logged as an exception and what is counted as one; netboot tells its sums every ten seconds. */
async function untilCounted(world: ApplianceWorld): Promise<LiveOutcome['exceptions']> {
  for (const end = Date.now() + 15_000; ;) {
    const exceptions = {
      logged: count(world.control.output, /"msg":"(datagram|http)\.broken"/g),
      counted: sum(await world.control.text('/metrics'), /^systemcloud_dropped_total\{receiver="\w+",reason="broken"\} (\d+)/gm),
    }
    if (exceptions.logged === exceptions.counted || Date.now() > end) return exceptions
    await wait(200)
  }
}

interface Target { readonly port: number; readonly tls: boolean; readonly seeds: string[] }

/** Seeds for the servers: requests as machines, agents and operators send them. */
function httpTargets(world: ApplianceWorld): Record<HttpServer, Target> {
  const request = (method: string, route: string, body = '', more = ''): string => `${method} ${route} HTTP/1.1\r\nHost: ${server}\r\n${more}${body === '' ? '' : `Content-Length: ${Buffer.byteLength(body)}\r\n`}\r\n${body}`
  const token = `Authorization: Bearer ${'ab'.repeat(32)}\r\n`
  const mac = '52:54:00:00:00:01'
  const [facts = new Uint8Array()] = seedsOf('facts')
  return {
    'boot HTTP': { port: 80, tls: false, seeds: [request('GET', '/boot.ipxe'), request('GET', `/boot/52-54-00-00-00-01?uuid=5c10ad00-0000-4000-8000-525400770001&platform=efi&arch=x86_64&serial=X`), request('GET', '/files/vmlinuz', '', 'Range: bytes=0-99\r\n'), request('HEAD', `/chunks/${'a'.repeat(128)}`), request('GET', '//files//..%2f..%2fetc/passwd'), request('POST', `/log/${mac}`, 'wk a line\nir another\n')] },
    'machine HTTPS': {
      port: world.control.machinePort, tls: true,
      seeds: [request('POST', `/ramdisk/${mac}/facts`, new TextDecoder().decode(facts), token), request('POST', `/ramdisk/${mac}/orders/x`, 'status=running\nbytesDone=1\n', token), request('POST', '/agent/enrol', JSON.stringify({ machineId: 'm', generation: 1, secret: 's', csr: 'c' })), request('POST', '/agent/report', '{"generation":1}'), request('GET', '/agent/target?etag=x'), request('POST', '/agent/log', '{"at":"x"}\n')],
    },
    'operator API': {
      port: world.control.operatorPort, tls: true,
      seeds: [request('POST', '/api/v1/session', JSON.stringify({ user: 'admin', password: 'x' }), 'Content-Type: application/json\r\n'), request('GET', '/api/v1/status', '', token), request('GET', '/api/v1/machines/x?after=1&limit=5', '', 'Cookie: sc_session=abc\r\n'), request('PUT', '/api/v1/ssh-keys', '{"keys":[]}', 'Content-Type: application/json\r\n'), request('GET', '/healthz'), request('GET', '/socket.io/?EIO=4&transport=polling'), request('GET', '/api/v1/openapi.json')],
    },
  }
}

const count = (text: string, pattern: RegExp): number => [...text.matchAll(pattern)].length
const sum = (text: string, pattern: RegExp): number => [...text.matchAll(pattern)].reduce((total, match) => total + Number(match[1]), 0)
