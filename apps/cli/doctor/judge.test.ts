import { describe, expect, test } from 'vitest'
import { judgeMirror } from './apt-mirror.ts'
import { runChecks, type Check } from './check.ts'
import { judgeClock } from './clock.ts'
import { judgeSpace } from './disk-space.ts'
import { judgeLeftovers } from './leftovers.ts'
import { parseListeners } from './listeners.ts'
import { judgeMemory } from './memory.ts'
import { judgeNetworks, type NetworkLook } from './networks.ts'
import { judgeNode } from './node-version.ts'
import { judgeServers } from './other-dhcp.ts'
import { judgePorts, type TakenPort } from './ports.ts'
import { judgeNeighbourTable } from './neighbour-table.ts'
import { judgeReceiveBuffer } from './receive-buffer.ts'
import { judgeSystem } from './system.ts'

const tftp: TakenPort = { protocol: 'udp', port: 69, use: 'TFTP', by: 'in.tftpd (9)', onCard: true }
const web: TakenPort = { protocol: 'tcp', port: 8080, use: 'load balancer of a lab', by: 'java (7)', onCard: false }
const well: NetworkLook = { title: 'Provisioning network', interface: 'eth0', address: '10.77.0.1', hasAddress: true, deaf: [], certificate: '' }
const second: NetworkLook = { ...well, title: 'Rack 2', interface: 'eth1', address: '10.99.0.1' }
const now = Date.UTC(2026, 5, 1)

test.each([
  ['Debian 13', judgeSystem('PRETTY_NAME="Debian GNU/Linux 13 (trixie)"\nID=debian\nVERSION_ID="13"\n'), 'ok'],
  ['Debian 12', judgeSystem('PRETTY_NAME="Debian GNU/Linux 12"\nVERSION_ID="12"\nID=debian\n'), 'ok'],
  ['Debian 11', judgeSystem('ID=debian\nVERSION_ID="11"\n'), 'fail'],
  ['testing has no number', judgeSystem('PRETTY_NAME="Debian forky/sid"\nID=debian\n'), 'warn'],
  ['another system', judgeSystem('ID=fedora\nVERSION_ID=41\n'), 'fail'],
  ['Node 20.19', judgeNode('20.19.0'), 'ok'],
  ['Node 20.18', judgeNode('20.18.9'), 'fail'],
  ['Node 24', judgeNode('24.1.0'), 'ok'],
  ['room for a lab', judgeSpace(21e9, '/srv'), 'ok'],
  ['room for the appliance', judgeSpace(9e9, '/srv'), 'warn'],
  ['no room', judgeSpace(7e9, '/srv'), 'fail'],
  ['16 GB of memory', judgeMemory('MemTotal: 1 kB\nMemAvailable:   16000000 kB\n'), 'ok'],
  ['4 GB of memory', judgeMemory('MemAvailable:   4000000 kB\n'), 'warn'],
  ['half a GB', judgeMemory('MemAvailable:   500000 kB\n'), 'fail'],
  ['a clock in sync', judgeClock(now, true), 'ok'],
  ['a clock of its own', judgeClock(now, false), 'warn'],
  ['a clock after a flat battery', judgeClock(0, true), 'fail'],
  ['a mirror in one line', judgeMirror(['# x\n', 'deb [signed-by=/k] http://mirror.test/debian trixie main\n']), 'ok'],
  ['a mirror in deb822', judgeMirror(['Types: deb\nURIs: https://user:secret@mirror.test/debian\n']), 'ok'],
  ['no mirror', judgeMirror(['# deb http://mirror.test/debian trixie main\n']), 'fail'],
  ['small buffers without root', judgeReceiveBuffer(212_992, false), 'warn'],
  ['small buffers with root', judgeReceiveBuffer(212_992, true), 'ok'],
  ['a small table of neighbours', judgeNeighbourTable(1024), 'warn'],
  ['a large table of neighbours', judgeNeighbourTable(65_536), 'ok'],
  ['namespaces of a running lab', judgeLeftovers(['sc-app', 'other'], true), 'ok'],
  ['namespaces of a killed lab', judgeLeftovers(['sc-app'], false), 'warn'],
  ['somebody else\'s namespaces', judgeLeftovers(['other'], false), 'ok'],
  ['two networks that are served', judgeNetworks([well, second], { ok: true, detail: 'running' }), 'ok'],
  ['one whose card lost the address', judgeNetworks([well, { ...second, hasAddress: false }], { ok: true, detail: 'running' }), 'fail'],
  ['one with a port that nobody listens on', judgeNetworks([well, { ...second, deaf: ['tcp 443 (agents)'] }], { ok: true, detail: 'running' }), 'fail'],
  ['one that the certificate does not name', judgeNetworks([well, { ...second, certificate: 'it does not name 10.99.0.1' }], { ok: true, detail: 'running' }), 'fail'],
  ['one of which the appliance has something to say', judgeNetworks([well, second], { ok: true, detail: 'running. Nobody gives addresses there.' }), 'warn'],
  ['an appliance in trouble', judgeNetworks([well], { ok: false, detail: 'The disk is full.' }), 'fail'],
  ['no other server', judgeServers([], new Set(), 'eth1'), 'ok'],
  ['we ourselves', judgeServers(['10.0.0.1'], new Set(['10.0.0.1']), 'eth1'), 'ok'],
  ['another server', judgeServers(['10.0.0.1', '10.0.0.2'], new Set(['10.0.0.1']), 'eth1'), 'fail'],
  ['TFTP is taken, for a lab', judgePorts([tftp], false, false), 'warn'],
  ['TFTP is taken, on a card', judgePorts([tftp], false, true), 'fail'],
  ['the lab\'s port is taken', judgePorts([web], false, false), 'fail'],
  ['the appliance has its ports', judgePorts([web, tftp], true, true), 'ok'],
] as const)('%s', (_name, finding, level) => {
  expect(finding.level).toBe(level)
  expect(finding.todo === '').toBe(level === 'ok')
  expect(finding.text).not.toContain('secret')
})

describe('sockets of the host', () => {
  const header = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n'
  test('bound UDP and listening TCP are read, connections are not', () => {
    const line = (port: string, state: string) => `   1: 0100007F:${port} 00000000:0000 ${state} 00000000:00000000 00:00000000 00000000     0        0 4711 2 0 0\n`
    expect(parseListeners(header + line('0045', '07'), 'udp')).toEqual([{ protocol: 'udp', address: '127.0.0.1', port: 69, inode: '4711' }])
    expect(parseListeners(header + line('20FB', '0A') + line('0050', '01'), 'tcp')).toEqual([{ protocol: 'tcp', address: '127.0.0.1', port: 8443, inode: '4711' }])
  })
})

test('all networks that are not served are named, with what is wrong', () => {
  const deaf = { ...well, deaf: ['udp 69 (TFTP)'] }
  expect(judgeNetworks([deaf, { ...second, hasAddress: false, certificate: 'it does not name 10.99.0.1' }], { ok: true, detail: 'running' }).text).toBe('Provisioning network: nobody listens at 10.77.0.1 on udp 69 (TFTP). Rack 2: eth1 does not have the address 10.99.0.1; its certificate there: it does not name 10.99.0.1')
  expect(judgeNetworks([well, second], { ok: true, detail: 'running' }).text).toBe('served at 10.77.0.1 on eth0 and 10.99.0.1 on eth1')
})

test('a check that breaks is a finding, and the others are still told', async () => {
  const good: Check = { id: 'good', title: 'Good', run: async () => ({ level: 'ok', text: 'fine', todo: '' }) }
  const bad: Check = { id: 'bad', title: 'Bad', run: async () => { throw new Error('no /proc here') } }
  const findings = await runChecks([bad, good], { interface: undefined, runDir: '/nowhere', dataDir: '/nowhere', ports: { http: 80, tls: 443 } })
  expect(findings.map((one) => [one.id, one.level, one.text])).toEqual([['bad', 'warn', 'could not be checked: no /proc here'], ['good', 'ok', 'fine']])
})
