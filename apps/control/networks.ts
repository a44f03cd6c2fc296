import { readFileSync } from 'node:fs'
import type { Network } from '#contract/operator-api'
import type { Lease, NetworkView } from '#netboot/site'
import type { Config } from './config.ts'

const toNumber = (address: string): number => address.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0)
const toAddress = (value: number): string => [24, 16, 8, 0].map((bits) => Math.floor(value / 2 ** bits) % 256).join('.')

/** First and last address, broadcast, and the range that is given out (the middle of the subnet): all dotted. Throws where `cidr` is none. */
export function subnetOf(cidr: string): { broadcast: string; rangeFrom: string; rangeTo: string; poolSize: number } {
  const [network = '', bits = ''] = cidr.split('/')
  const prefix = Number(bits)
  if (!/^\d+(\.\d+){3}$/.test(network) || !(prefix >= 8 && prefix <= 29)) throw new Error(`the provisioning network ${cidr} is not a subnet between /8 and /29`)
  const size = 2 ** (32 - prefix)
  const base = Math.floor(toNumber(network) / size) * size
  const [from, to] = [base + Math.floor((size * 100) / 256), base + Math.floor((size * 199) / 256)]
  return { broadcast: toAddress(base + size - 1), rangeFrom: toAddress(from), rangeTo: toAddress(to), poolSize: to - from + 1 }
}

/** The provisioning network of this appliance as netboot serves it. In a lab the appliance itself answers DNS; else the host's servers do. */
export function networkView(config: Config, policy: 'discover' | 'ignore'): NetworkView {
  const { rangeFrom, rangeTo } = subnetOf(config.cidr)
  const dns = config.labDir === '' ? hostNameServers() : [config.address]
  return {
    id: 'provisioning', interface: config.interface, address: config.address, cidr: config.cidr, gateway: config.address, dns: dns.length === 0 ? [config.address] : dns, ntp: [config.address],
    relayed: false, ranges: [{ from: rangeFrom, to: rangeTo }], excluded: [], leaseSeconds: 3600, domain: 'lab.test', options: [], mode: config.mode, policy, authoritative: false, whenOtherServer: 'warn',
  }
}

/** The network as operators see it. */
export function networkForOperators(view: NetworkView, leases: readonly Lease[], otherServers: readonly string[], nowMs: number): Network {
  return {
    id: view.id, title: 'Provisioning network', interface: view.interface, cidr: view.cidr, address: view.address, gateway: view.gateway, mode: view.mode, policy: view.policy,
    rangeFrom: view.ranges[0]?.from ?? '', rangeTo: view.ranges.at(-1)?.to ?? '', leasesActive: leases.filter((lease) => lease.state === 'bound' && lease.expiresAtMs > nowMs).length, poolSize: subnetOf(view.cidr).poolSize, otherServers: [...otherServers],
  }
}

function hostNameServers(): string[] {
  try {
    return [...readFileSync('/etc/resolv.conf', 'utf8').matchAll(/^nameserver\s+(\d+\.\d+\.\d+\.\d+)/gm)].flatMap((match) => match[1] ?? []).filter((address) => !address.startsWith('127.'))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}
