import { readFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import tls from 'node:tls'
import { z } from 'zod'
import type { Network } from '#contract/network-api'
import { openApi } from '../appliance/api.ts'
import { readApplianceFile, type Target } from '../appliance/find.ts'
import { send } from '../appliance/transport.ts'
import { advice, broken, fine, type Check, type Finding } from './check.ts'
import { readListeners, type Listener } from './listeners.ts'

const handshakeMs = 3000
const Health = z.object({ ok: z.boolean(), detail: z.string() })

/** What was found of one network that the appliance stands in. `deaf`: ports of its address on which nobody listens. `certificate`: what is wrong with the one shown there, empty where nothing is. */
export interface NetworkLook { readonly title: string; readonly interface: string; readonly address: string; readonly hasAddress: boolean; readonly deaf: readonly string[]; readonly certificate: string }

/** Judges what was found at each network's address beside what the appliance says of itself (`/healthz`). */
export function judgeNetworks(looks: readonly NetworkLook[], health: z.infer<typeof Health>): Finding {
  const faults = looks.flatMap(({ title, interface: card, address, hasAddress, deaf, certificate }) => {
    const its = [
      ...(hasAddress ? [] : [`${card} does not have the address ${address}`]), ...(deaf.length === 0 ? [] : [`nobody listens at ${address} on ${deaf.join(', ')}`]),
      ...(certificate === '' ? [] : [`its certificate there: ${certificate}`]),
    ]
    return its.length === 0 ? [] : [`${title}: ${its.join('; ')}`]
  })
  const todo = 'give the card its address again (ip address), and stop what has the ports (ss -tulpn); the appliance tries again by itself. Its log says more'
  if (faults.length > 0) return broken([...faults, ...(health.detail === 'running' ? [] : [health.detail])].join('. '), todo)
  if (!health.ok) return broken(health.detail, 'do what it says; the appliance tries again by itself')
  const text = `served at ${looks.map(({ address, interface: card }) => `${address} on ${card}`).join(' and ')}`
  return health.detail === 'running' ? fine(text) : advice(`${text}; the appliance says: ${health.detail}`, 'look at its networks in the console, or with "systemcloud networks"')
}

/** Machines of a network know no other address of the appliance than the one there: each must be served, and be named by the certificate. */
export const networks: Check = {
  id: 'networks', title: 'Provisioning networks',
  async run({ runDir, dataDir, ports }) {
    const file = readApplianceFile(runDir)
    if (file === undefined) return fine('no appliance runs here')
    if (file.lab !== undefined) return fine(`not looked at: a lab has its network in a namespace of its own (${file.lab.app})`)
    if (process.getuid?.() !== 0) return advice('not looked at', 'run it as root')
    const target: Target = { kind: 'socket', socketPath: file.socket }
    const own = (await openApi(target).networks()).filter(({ relayed }) => !relayed)
    const health = Health.parse(JSON.parse((await send(target, { method: 'GET', path: '/healthz' })).body.toString()))
    const ca = readFileSync(path.join(file.dataDir ?? dataDir, 'state/ca/ca.pem'), 'utf8')
    const listeners = readListeners()
    return judgeNetworks(await Promise.all(own.map((network) => lookAt(network, listeners, ports, ca))), health)
  },
}

async function lookAt({ title, interface: card, address }: Network, listeners: readonly Listener[], ports: { http: number; tls: number }, ca: string): Promise<NetworkLook> {
  const wanted = [['udp', 69, 'TFTP'], ['udp', 514, 'syslog'], ['udp', 6666, 'netconsole'], ['tcp', ports.http, 'boot files'], ['tcp', ports.tls, 'agents']] as const
  const deaf = wanted.filter(([protocol, port]) => !listeners.some((one) => one.protocol === protocol && one.port === port && one.address === address)).map(([protocol, port, use]) => `${protocol} ${port} (${use})`)
  const hasAddress = os.networkInterfaces()[card]?.some((one) => one.address === address) === true
  const isServed = hasAddress && !deaf.some((port) => port.startsWith(`tcp ${ports.tls} `))
  return { title, interface: card, address, hasAddress, deaf, certificate: isServed ? await tryTls(address, ports.tls, ca) : '' }
}

/** What a machine that trusts the appliance's CA finds wrong with what is shown at an address; empty: nothing. */
function tryTls(host: string, port: number, ca: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = tls.connect({ host, port, ca })
    const end = (fault: string): void => {
      socket.destroy()
      resolve(fault)
    }
    socket.setTimeout(handshakeMs, () => end(`none within ${handshakeMs / 1000} s: it is not the appliance that listens on port ${port}`))
    socket.once('secureConnect', () => end(''))
    socket.once('error', (error) => end(error.message))
  })
}
