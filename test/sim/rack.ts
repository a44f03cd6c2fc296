import { execFileSync, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { labNames } from '../../apps/supervisor/lab/network.ts'
import { bundle } from '../../scripts/bundle.ts'

const programs = path.join(import.meta.dirname, '../../dist/test')

/** Simulated machines with a whole life on the wire of a running lab, numbered from 0: 0 has BIOS, 1 and 2 have UEFI, and so on. */
export interface Rack {
  /** MAC of a machine. */
  mac(machine: number): string
  on(...machines: number[]): void
  /** The machine logs that many lines `TEXT 1`, `TEXT 2`, ...; resolves when they are sent. */
  log(machine: number, text: string, lines: number): Promise<void>
  /** The machine's next order of that kind fails. */
  fail(machine: number, order: string, detail: string): void
  /** Machines wait at this moment (the kind of an order, or `enrol`) until `go`. */
  hold(moment: string): void
  go(): void
  /** Somebody's DHCP client on the same wire, which is no machine of the fleet, takes an address and goes. */
  visit(mac: string, hostName: string): void
  close(): void
}

/** Puts a rack on the wire of the lab `name` whose data is in `dataDir`. Needs root. */
export async function openRack(name: string, dataDir: string): Promise<Rack> {
  await bundle({ 'rack-main': 'test/sim/rack-main.ts' }, programs)
  const [wire, space, other] = [labNames(name).wire, `sc-rack-${name}`, `sc-other-${name}`]
  const ip = (...words: string[]): void => void execFileSync('ip', words)
  const plug = (inside: string, port: string): void => {
    ip('netns', 'add', inside)
    ip('-n', wire, 'link', 'add', port, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', inside)
    ip('-n', wire, 'link', 'set', port, 'master', 'br0', 'up')
    for (const device of ['lo', 'eth0']) ip('-n', inside, 'link', 'set', device, 'up')
    // Without it a veth leaves checksums undone, which the appliance's own packet sockets would see.
    execFileSync('ip', ['netns', 'exec', inside, 'ethtool', '-K', 'eth0', 'tx', 'off'], { stdio: 'ignore' })
  }
  plug(space, 'rack')
  ip('-n', space, 'route', 'add', '10.77.0.0/24', 'dev', 'eth0')
  const [ca = ''] = readFileSync(path.join(dataDir, 'state/ca/ca.pem'), 'utf8').split('-----BEGIN PRIVATE KEY-----')
  const child = spawn('ip', ['netns', 'exec', space, process.execPath, path.join(programs, 'rack-main.mjs'), ca], { stdio: ['pipe', 'pipe', 'inherit'] })
  const act = (what: object): void => void child.stdin.write(`${JSON.stringify(what)}\n`)
  const waiting = new Map<string, () => void>()
  createInterface({ input: child.stdout }).on('line', (line) => waiting.get((JSON.parse(line) as { done: string }).done)?.())
  return {
    mac: (machine) => `5a:53:49:4d:5c:${machine.toString(16).padStart(2, '0')}`,
    on(...machines) { for (const machine of machines) act({ act: 'on', machine }) },
    log: (machine, text, lines) => new Promise((resolve) => { waiting.set(text, resolve); act({ act: 'log', machine, text, lines }) }),
    fail: (machine, order, detail) => act({ act: 'fail', machine, order, detail }),
    hold: (moment) => act({ act: 'hold', moment }),
    go: () => act({ act: 'go' }),
    visit(mac, hostName) {
      plug(other, 'other')
      try {
        ip('-n', other, 'link', 'set', 'eth0', 'address', mac)
        execFileSync('ip', ['netns', 'exec', other, 'busybox', 'udhcpc', '-f', '-q', '-n', '-t', '8', '-T', '1', '-i', 'eth0', '-s', '/bin/true', '-x', `hostname:${hostName}`], { stdio: 'ignore' })
      } finally {
        ip('netns', 'delete', other)
      }
    },
    close() {
      child.kill('SIGKILL')
      ip('netns', 'delete', space)
    },
  }
}
