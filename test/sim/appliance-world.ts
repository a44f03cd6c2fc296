import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { bundle } from '../../scripts/bundle.ts'
import { ControlProcess } from './control-process.ts'

/** A real control process with its netboot in one namespace, DHCP clients in another, a cable between them. Needs root. */
export interface ApplianceWorld {
  readonly control: ControlProcess
  /** Namespace of the clients; their end of the cable is eth0. */
  readonly clientSpace: string
  /** Takes `count` new clients to their ACK, `atOnce` of them at a time; resolves when the last one has it. */
  dora(count: number, atOnce: number): Promise<void>
  /** The same for clients that had their ACK: `count` of them from number `from` on, all at once. */
  doraAgain(from: number, count: number): Promise<void>
  /** Begins the same, and lets them ask until `forget`. */
  beginDora(count: number, atOnce: number): void
  /** Resolves when each client that has no ACK yet has asked twice more and waited for an answer, in vain or not. */
  asked(): Promise<void>
  /** Ends the clients that have no ACK yet. */
  forget(): Promise<void>
  /** Every ACK so far, in order. */
  readonly acks: { mac: string; address: string }[]
  /** Resolves when there are that many ACKs; rejects after `timeoutMs`. */
  acked(count: number, timeoutMs?: number): Promise<void>
  readonly naks: string[]
  ip(...argv: string[]): void
  close(): Promise<void>
}

const programs = path.join(import.meta.dirname, '../../dist/test')

/**
 * Makes the world; control is not started yet.
 *
 * @param stateBytes the state folder is a file system of its own of that size; 0: an ordinary folder
 */
export async function openApplianceWorld(suffix: string, stateBytes = 0): Promise<ApplianceWorld> {
  const [server, clientSpace] = [`sc-${suffix}s-${process.pid}`, `sc-${suffix}c-${process.pid}`]
  const ip = (...argv: string[]): void => { execFileSync('ip', argv) }
  const forgetSpaces = (): void => { for (const name of [server, clientSpace]) ip('netns', 'del', name) }
  // Where a person ends the whole of it, nobody closes this world.
  const begun = [forgetSpaces]
  const abandon = (): void => { for (const end of begun) end() }
  for (const name of [server, clientSpace]) ip('netns', 'add', name)
  process.once('exit', abandon)
  ip('-n', server, 'link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', clientSpace)
  for (const name of [server, clientSpace]) { ip('-n', name, 'link', 'set', 'lo', 'up'); ip('-n', name, 'link', 'set', 'eth0', 'up') }
  ip('-n', server, 'addr', 'add', '10.78.0.1/16', 'broadcast', '+', 'dev', 'eth0')
  ip('-n', clientSpace, 'addr', 'add', '10.78.255.254/16', 'broadcast', '+', 'dev', 'eth0')
  ip('-n', clientSpace, 'route', 'add', '255.255.255.255', 'dev', 'eth0')
  for (const name of [server, clientSpace]) execFileSync('ip', ['netns', 'exec', name, 'ethtool', '-K', 'eth0', 'tx', 'off'], { stdio: 'ignore' })

  const control = await ControlProcess.make({ namespace: server, interface: 'eth0', address: '10.78.0.1', cidr: '10.78.0.0/16' })
  begun.unshift(() => control.abandon())
  const state = path.join(control.home, 'data/state')
  mkdirSync(state, { recursive: true, mode: 0o700 })
  if (stateBytes > 0) execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${stateBytes},mode=0700`, 'tmpfs', state])
  const letGo = (): void => { if (stateBytes > 0) execFileSync('umount', ['-l', state]) }
  begun.unshift(letGo)

  await bundle({ 'dora-client': 'test/sim/dora-client.ts' }, programs)
  const clients: ChildProcess = spawn('ip', ['netns', 'exec', clientSpace, process.execPath, path.join(programs, 'dora-client.mjs')], { stdio: ['pipe', 'pipe', 'inherit'] })
  begun.unshift(() => void clients.kill('SIGKILL'))
  const acks: { mac: string; address: string }[] = []
  const naks: string[] = []
  const looks = new Set<(line: Record<string, unknown>) => void>()
  const next = (fits: (line: Record<string, unknown>) => boolean, what: string, timeoutMs = 60_000): Promise<void> => new Promise((resolve, reject) => {
    const look = (line: Record<string, unknown>): void => { if (fits(line)) { clearTimeout(timer); looks.delete(look); resolve() } }
    const timer = setTimeout(() => { looks.delete(look); reject(new Error(`${what}: not within ${timeoutMs / 1000} s; ${acks.length} ACKs\n${control.output.slice(-2000)}`)) }, timeoutMs)
    looks.add(look)
  })
  const ready = next((line) => line['ready'] === true, 'the DHCP clients')
  createInterface({ input: clients.stdout! }).on('line', (text) => {
    const line = JSON.parse(text) as { ack?: [string, string]; nak?: string }
    if (line.ack) acks.push({ mac: line.ack[0], address: line.ack[1] })
    if (line.nak) naks.push(line.nak)
    for (const look of Array.from(looks)) look(line as Record<string, unknown>)
  })
  await ready

  let number = 0
  const order = (from: number, count: number, atOnce: number): void => { clients.stdin?.write(`${JSON.stringify({ from, count, atOnce })}\n`) }
  const begin = (count: number, atOnce: number): void => {
    order(number, count, atOnce)
    number += count
  }
  return {
    control, clientSpace, acks, naks, ip,
    async dora(count, atOnce) {
      const from = number
      const done = next((line) => line['done'] === from, `${count} clients`)
      begin(count, atOnce)
      await done
    },
    async doraAgain(from, count) {
      const done = next((line) => line['done'] === from, `${count} clients again`)
      order(from, count, count)
      await done
    },
    beginDora: begin,
    async asked() {
      const rounds = next((line) => line['rounds'] === true, 'two rounds of asking')
      clients.stdin?.write('"rounds"\n')
      await rounds
    },
    async forget() {
      const dropped = next((line) => line['dropped'] === true, 'forgetting')
      clients.stdin?.write('"drop"\n')
      await dropped
    },
    acked: (count, timeoutMs) => (acks.length >= count ? Promise.resolve() : next(() => acks.length >= count, `${count} ACKs`, timeoutMs)),
    async close() {
      process.off('exit', abandon)
      clients.kill('SIGKILL')
      await control.kill()
      letGo()
      await control.remove()
      forgetSpaces()
    },
  }
}
