import { execFile, execFileSync, spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import { ControlProcess } from './control-process.ts'

/** What a DHCP client was told, by the names that udhcpc gives: `ip`, `router`, `dns`, `lease`, `serverid`, `mtu`, ... */
export type Told = Readonly<Record<string, string>>

/** A real control with netboot; real clients on its wire, behind a real relay, and on another card of its host. Needs root. */
export interface NetworksWorld {
  readonly control: ControlProcess
  /** Runs busybox udhcpc once in a place, with these more words; undefined where nobody gave it an address. */
  ask(place: Place, ...words: string[]): Promise<Told | undefined>
  /** Takes what it was told and fetches a URL; the HTTP status, 000 where nobody answered. */
  fetch(place: Place, told: Told, url: string): Promise<string>
  /** Waits at a UDP port of a place, whatever is broadcast there included; resolves with the first datagram that comes. */
  hear(place: Place, port: number): Promise<Buffer>
  /** Runs a program in a place; what it prints. Rejects where it fails or takes 20 seconds. */
  run(place: Place, argv: readonly string[]): Promise<string>
  /** Gives the card of a place another hardware address. */
  become(place: Place, mac: string): void
  /** Runs a program on the wire of the appliance, at 10.77.0.50, until the world ends or it is told to. */
  help(...command: string[]): { end(): Promise<void> }
  /** Makes `other` a relay that sends to the appliance's second card. */
  relayBeyond(): void
  /** Gives the appliance's second card one more address. */
  addAddress(cidr: string): void
  /** Ends the relay, which has the DHCP port of its host. */
  endRelay(): Promise<void>
  close(): Promise<void>
}

/** `near`: on the wire of the appliance, 10.77.0.0/24. `far`: behind a relay at 10.88.0.1. `other`: on the appliance's second card, 10.99.0.0/24. `beyond`: behind that one, which can be its relay, at 10.89.0.1. */
export type Place = 'near' | 'far' | 'other' | 'beyond'

/** Makes the world and starts control in it. */
export async function openNetworksWorld(): Promise<NetworksWorld> {
  const space = (name: string): string => `sc-nw${name}-${process.pid}`
  const [appliance, relay] = [space('a'), space('r')]
  const places: Record<Place, string> = { near: space('n'), far: space('f'), other: space('o'), beyond: space('b') }
  const all = [appliance, relay, ...Object.values(places)]
  const ip = (...words: string[]): void => void execFileSync('ip', words)
  const cable = (a: string, nameA: string, b: string, nameB: string): void => {
    ip('-n', a, 'link', 'add', nameA, 'type', 'veth', 'peer', 'name', nameB, 'netns', b)
    for (const [where, name] of [[a, nameA], [b, nameB]] as const) {
      ip('-n', where, 'link', 'set', name, 'up')
      // Without it a veth leaves UDP checksums undone, and clients on raw sockets refuse the packets.
      execFileSync('ip', ['netns', 'exec', where, 'ethtool', '-K', name, 'tx', 'off'], { stdio: 'ignore' })
    }
  }
  for (const name of all) { ip('netns', 'add', name); ip('-n', name, 'link', 'set', 'lo', 'up') }
  cable(appliance, 'eth0', relay, 'up0')
  cable(places.near, 'eth0', relay, 'near0')
  cable(places.far, 'eth0', relay, 'far0')
  cable(places.other, 'eth0', appliance, 'eth1')
  cable(places.beyond, 'eth0', places.other, 'beyond0')
  ip('-n', relay, 'link', 'add', 'br0', 'type', 'bridge', 'stp_state', '0', 'forward_delay', '0')
  for (const port of ['up0', 'near0']) ip('-n', relay, 'link', 'set', port, 'master', 'br0')
  ip('-n', relay, 'link', 'set', 'br0', 'up')
  ip('-n', relay, 'address', 'add', '10.77.0.50/24', 'dev', 'br0')
  ip('-n', relay, 'address', 'add', '10.88.0.1/24', 'dev', 'far0')
  execFileSync('ip', ['netns', 'exec', relay, 'sh', '-c', 'echo 1 >/proc/sys/net/ipv4/ip_forward'])
  ip('-n', appliance, 'address', 'add', '10.77.0.1/24', 'broadcast', '+', 'dev', 'eth0')
  ip('-n', appliance, 'address', 'add', '10.99.0.1/24', 'broadcast', '+', 'dev', 'eth1')
  ip('-n', appliance, 'route', 'add', '10.88.0.0/24', 'via', '10.77.0.50')

  const control = await ControlProcess.make({ namespace: appliance, interface: 'eth0', address: '10.77.0.1', cidr: '10.77.0.0/24' })
  const helpers: ReturnType<typeof spawn>[] = []
  const helpIn = (where: string, ...command: string[]): { end(): Promise<void> } => {
    const child = spawn('ip', ['netns', 'exec', where, ...command], { stdio: 'ignore' })
    helpers.push(child)
    return { end: () => new Promise((resolve) => { child.once('exit', () => resolve()).kill('SIGKILL') }) }
  }
  const relayIn = (where: string, from: string, to: string): { end(): Promise<void> } => helpIn(where, 'dnsmasq', '--keep-in-foreground', '--conf-file=/dev/null', '--port=0', '--user=root', `--pid-file=${control.home}/relay-${from}.pid`, `--dhcp-relay=${from},${to}`)
  const relaying = relayIn(relay, '10.88.0.1', '10.77.0.1')
  const script = path.join(control.home, 'told')
  writeFileSync(script, '#!/bin/sh\n[ "$1" = bound ] && env | sed -n "s/^\\([a-z_]*\\)=/told \\1=/p"\nexit 0\n', { mode: 0o755 })
  await control.start()

  return {
    control, help: (...command) => helpIn(relay, ...command), endRelay: () => relaying.end(),
    addAddress: (cidr) => ip('-n', appliance, 'address', 'add', cidr, 'broadcast', '+', 'dev', 'eth1'),
    relayBeyond() {
      ip('-n', places.other, 'address', 'replace', '10.99.0.50/24', 'dev', 'eth0')
      ip('-n', places.other, 'address', 'add', '10.89.0.1/24', 'dev', 'beyond0')
      ip('-n', appliance, 'route', 'add', '10.89.0.0/24', 'via', '10.99.0.50')
      execFileSync('ip', ['netns', 'exec', places.other, 'sh', '-c', 'echo 1 >/proc/sys/net/ipv4/ip_forward'])
      relayIn(places.other, '10.89.0.1', '10.99.0.1')
    },
    become(place, mac) {
      ip('-n', places[place], 'link', 'set', 'eth0', 'down')
      ip('-n', places[place], 'link', 'set', 'eth0', 'address', mac)
      ip('-n', places[place], 'link', 'set', 'eth0', 'up')
    },
    ask: (place, ...words) => new Promise((resolve, reject) => {
      const child = spawn('ip', ['netns', 'exec', places[place], 'busybox', 'udhcpc', '-f', '-q', '-n', '-t', '4', '-T', '1', '-i', 'eth0', '-s', script, '-O', 'mtu', '-O', 'staticroutes', '-O', 'tzdbstr', ...words], { stdio: ['ignore', 'pipe', 'ignore'] })
      let output = ''
      child.stdout.setEncoding('utf8').on('data', (part: string) => { output += part })
      child.on('error', reject).on('close', (code) => resolve(code === 0 ? Object.fromEntries([...output.matchAll(/^told (\w+)=(.*)$/gm)].map(([, name = '', value = '']) => [name, value])) : undefined))
    }),
    async fetch(place, told, url) {
      ip('-n', places[place], 'address', 'replace', `${told['ip']}/${told['mask']}`, 'dev', 'eth0')
      ip('-n', places[place], 'route', 'replace', 'default', 'via', told['router'] ?? '')
      const { stdout } = await promisify(execFile)('ip', ['netns', 'exec', places[place], 'curl', '-sk', '--max-time', '10', '-o', '/dev/null', '-w', '%{http_code}', url])
      return stdout
    },
    async run(place, argv) {
      const { stdout } = await promisify(execFile)('ip', ['netns', 'exec', places[place], ...argv], { timeout: 20_000 })
      return stdout
    },
    hear: (place, port) => new Promise((resolve, reject) => {
      const child = spawn('ip', ['netns', 'exec', places[place], 'socat', '-u', `UDP4-RECVFROM:${port}`, 'STDOUT'], { stdio: ['ignore', 'pipe', 'ignore'] })
      helpers.push(child)
      const parts: Buffer[] = []
      child.stdout.on('data', (part: Buffer) => parts.push(part))
      child.on('error', reject).on('close', () => resolve(Buffer.concat(parts)))
    }),
    async close() {
      for (const child of helpers) child.kill('SIGKILL')
      await control.remove()
      for (const name of all) ip('netns', 'delete', name)
    },
  }
}
