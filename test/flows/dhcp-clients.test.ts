import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { decodeDhcp4, encodeDhcp4, type DhcpMessage } from '#netboot/codec/dhcp4'
import { byteOption, option } from '#netboot/codec/dhcp4-options'
import { openDhcpPlace, type DhcpPlace } from '../sim/dhcp-place.ts'
import { testNetwork } from '../sim/memory-site.ts'
import { openNetbootWorld, type NetbootWorld } from './netboot-world.ts'

/** Longer than silence on an address counts, and shorter than a lease. */
const laterMs = 11 * 60_000
let world: NetbootWorld
let number = 0
const places: DhcpPlace[] = []
const place = (): DhcpPlace => {
  number += 1
  const made = openDhcpPlace(world.clientSpace, world.folder, `k${number}`, `52:54:00:0a:0c:0${number.toString(16)}`)
  places.push(made)
  return made
}
const serve = (from: string, to: string, fields: object = {}): Promise<void> => world.change({ networks: [{ ...testNetwork, ranges: [{ from, to }], ...fields }] })
const acksOf = (mac: string): number => world.events.filter((event) => event.kind === 'dhcp.acked' && event.mac === mac).length
/** Somebody who sets an address by hand. */
const squat = (address: string): DhcpPlace => {
  const squatter = place()
  squatter.run('ip', 'addr', 'add', `${address}/24`, 'dev', 'eth0')
  return squatter
}

beforeAll(async () => { world = await openNetbootWorld({ files: {} }) })
afterEach(async () => { for (const one of places.splice(0)) await one.close() })
afterAll(() => world?.close())

describe('REQUEST in its states, by real clients', () => {
  /** dhclient that remembers an address of another network. */
  const stranger = (): ReturnType<DhcpPlace['start']> => {
    const client = place()
    const file = (name: string, text: string): string => { const at = path.join(world.folder, `${name}${number}`); writeFileSync(at, text); return at }
    const leases = file('leases', 'lease {\n  interface "eth0";\n  fixed-address 192.168.9.9;\n  option subnet-mask 255.255.255.0;\n  option dhcp-lease-time 86400;\n  option dhcp-server-identifier 192.168.9.1;\n  renew 1 2037/01/05 00:00:00;\n  rebind 1 2037/01/05 00:00:00;\n  expire 1 2037/01/05 00:00:00;\n}\n')
    const conf = file('conf', 'reboot 3;\ntimeout 30;\nbackoff-cutoff 2;\ninitial-interval 1;\n')
    return client.start('dhclient', '-4', '-1', '-d', '-sf', '/bin/true', '-cf', conf, '-lf', leases, '-pf', path.join(world.folder, `pid${number}`), 'eth0')
  }

  it('INIT-REBOOT: dhclient with an address of another network hears nothing where another server may know it, and asks anew', async () => {
    await serve('10.77.0.100', '10.77.0.199')
    const client = stranger()
    await client.wrote(/bound to 10\.77\.0\.1\d\d/)
    expect(client.output()).toMatch(/DHCPREQUEST for 192\.168\.9\.9/)
    expect(client.output()).toMatch(/DHCPDISCOVER/)
    expect(client.output()).not.toMatch(/DHCPNAK/)
  })

  it('INIT-REBOOT: the same client is refused at once where nobody else gives addresses', async () => {
    await serve('10.77.0.100', '10.77.0.199', { authoritative: true })
    const client = stranger()
    await client.wrote(/DHCPREQUEST for 192\.168\.9\.9[\s\S]*DHCPNAK from 10\.77\.0\.1[\s\S]*bound to 10\.77\.0\.1\d\d/)
  })

  it('RENEWING and REBINDING: udhcpc keeps its address by unicast, and by broadcast where unicast does not arrive', async () => {
    await serve('10.77.0.100', '10.77.0.199')
    const client = place()
    const udhcpc = client.udhcpc()
    const [, address] = await udhcpc.wrote(/state bound (\S+)/)
    udhcpc.signal('SIGUSR1')
    await udhcpc.wrote(new RegExp(`renew to server 10\\.77\\.0\\.1[\\s\\S]*state renew ${address}\n`))
    const renewed = world.events.findLast((event) => event.kind === 'dhcp.requested' && event.mac === client.mac)
    expect(renewed).toMatchObject({ server: null, address })
    expect(acksOf(client.mac)).toBe(2)
    client.run('ip', 'neigh', 'replace', '10.77.0.1', 'lladdr', '02:00:00:00:00:01', 'nud', 'permanent', 'dev', 'eth0')
    udhcpc.signal('SIGUSR1')
    await udhcpc.wrote(new RegExp(`(state renew ${address}\n[\\s\\S]*){2}`), 100)
    expect(acksOf(client.mac)).toBe(3)
    expect(udhcpc.output()).toContain('broadcasting renew')
  })

  it('DECLINE: udhcpc that finds somebody on its address says so, and gets another', async () => {
    await serve('10.77.0.60', '10.77.0.61')
    const server = /([0-9a-f:]{17})/.exec(world.server('cat', '/sys/class/net/eth0/address'))?.[1] ?? ''
    const squatters = ['10.77.0.60', '10.77.0.61'].map((address) => {
      const squatter = place()
      // It answers clients, and not the appliance, which would find it out by itself.
      squatter.run('nft', 'add table arp t; add chain arp t in { type filter hook input priority 0; }; add rule arp t in ether saddr ' + server + ' drop')
      squatter.run('ip', 'addr', 'add', `${address}/24`, 'dev', 'eth0')
      return squatter
    })
    const client = place()
    const udhcpc = client.udhcpc('-a')
    const declined = await world.event('dhcp.declined', ({ mac }) => mac === client.mac, 30)
    const other = declined.address === '10.77.0.60' ? '10.77.0.61' : '10.77.0.60'
    squatters[other === '10.77.0.60' ? 0 : 1]?.run('ip', 'addr', 'flush', 'dev', 'eth0')
    await udhcpc.wrote(new RegExp(`state bound ${other}`))
  })
})

/** Sends a message from 10.77.0.50 and gives the first answer that comes back to its port. */
async function ask(message: Partial<DhcpMessage>, options: [number, Uint8Array][], port: 67 | 68): Promise<DhcpMessage | undefined> {
  const bytes = encodeDhcp4({ op: 'request', hardwareType: 1, hops: 0, xid: 7, secs: 0, flags: 0, clientAddress: '0.0.0.0', yourAddress: '0.0.0.0', nextServer: '0.0.0.0', relayAddress: '0.0.0.0', hardwareAddress: Uint8Array.of(0x52, 0x54, 0, 0x0a, 0x0d, 1), serverName: '', bootFile: '', ...message, options: new Map(options) })
  if (!bytes.ok) throw new Error('the question does not fit')
  const program = "const s=require('node:dgram').createSocket('udp4');s.on('message',m=>{if(m[0]===2){console.log(m.toString('hex'));s.close()}});s.bind(Number(process.argv[2]),'10.77.0.50',()=>s.send(Buffer.from(process.argv[1],'hex'),67,'10.77.0.1'))"
  const { output } = await world.client([process.execPath, '-e', program, Buffer.from(bytes.value).toString('hex'), String(port)], { seconds: 10 })
  const answer = decodeDhcp4(Buffer.from(output.trim(), 'hex'))
  return answer.ok ? answer.value : undefined
}

it('INFORM is answered with what the network is, and neither an address nor a lease time', async () => {
  await serve('10.77.0.100', '10.77.0.199')
  const answer = await ask({ clientAddress: '10.77.0.50' }, [[option.messageType, byteOption(8)], [option.parameterList, Uint8Array.of(1, 3, 6, 51)]], 68)
  expect(answer).toMatchObject({ op: 'reply', clientAddress: '10.77.0.50', yourAddress: '0.0.0.0' })
  expect([...(answer?.options.keys() ?? [])]).toEqual([53, 54, 1, 3, 6])
  expect(answer?.options.get(option.messageType)).toEqual(Uint8Array.from([5]))
})

describe('a relay', () => {
  const far = { ...testNetwork, id: 'far', relayed: true, cidr: '10.99.0.0/24', gateway: '10.99.0.254', ranges: [{ from: '10.99.0.100', to: '10.99.0.199' }] }
  const port = [1, 6, 0, 4, 0, 17, 1, 3, 2, 8, 0, 6, 0x52, 0x54, 0, 0, 0, 1]
  const subnet = [10, 99, 0, 0]
  it.each<[string, [number, number[]][], RegExp]>([
    ['its port (82.1, 82.2)', [[82, port]], /^10\.77\.0\.1\d\d$/],
    ['the subnet of the client (82.5)', [[82, [...port, 5, 4, ...subnet]]], /^10\.99\.0\.1\d\d$/],
    ['the subnet that the client chose (118)', [[118, subnet], [82, port]], /^10\.99\.0\.1\d\d$/],
    ['both, of which its own counts', [[118, [10, 77, 0, 0]], [82, [5, 4, ...subnet]]], /^10\.99\.0\.1\d\d$/],
  ])('that says %s gets an address of that subnet, and hears it again to the byte', async (_, said, address) => {
    await world.change({ networks: [testNetwork, far] })
    const answer = await ask({ relayAddress: '10.77.0.50', hops: 1 }, [[option.messageType, byteOption(1)], ...said.map(([code, bytes]): [number, Uint8Array] => [code, Uint8Array.from(bytes)])], 67)
    expect(answer?.yourAddress).toMatch(address)
    expect(answer?.relayAddress).toBe('10.77.0.50')
    for (const [code, bytes] of said) expect([...(answer?.options.get(code) ?? [])]).toEqual(bytes)
    expect([...(answer?.options.keys() ?? [])].at(-1)).toBe(82)
  })
})

it('routes of more than 255 bytes reach dhclient whole', async () => {
  const routes = Array.from({ length: 45 }, (_, n) => [16, 10, n, 10, 77, 0, 254]).flat()
  expect(routes.length).toBeGreaterThan(255)
  await serve('10.77.0.100', '10.77.0.199', { options: [{ code: 121, value: routes }] })
  const client = place()
  const [script, conf] = ['long-script', 'long-conf'].map((name) => path.join(world.folder, name)) as [string, string]
  writeFileSync(script, '#!/bin/sh\necho "told $reason $new_long_routes."\n', { mode: 0o755 })
  writeFileSync(conf, 'option long-routes code 121 = array of unsigned integer 8;\nsend dhcp-max-message-size 1500;\nrequest subnet-mask, long-routes;\n')
  const dhclient = client.start('dhclient', '-4', '-1', '-d', '-sf', script, '-cf', conf, '-lf', path.join(world.folder, 'long-leases'), '-pf', path.join(world.folder, 'long-pid'), 'eth0')
  const [, told = ''] = await dhclient.wrote(/told BOUND ([\d ]*)\./)
  expect(told.split(' ').map(Number)).toEqual(routes)
})

describe('somebody on an address of the pool', () => {
  it('is found where a lease was over, before the address is given to the next', async () => {
    await serve('10.77.0.70', '10.77.0.70')
    const first = place()
    const udhcpc = first.udhcpc()
    await udhcpc.wrote(/state bound 10\.77\.0\.70/)
    await udhcpc.end()
    first.run('ip', 'link', 'set', 'eth0', 'down')
    const { mac: ownerMac } = squat('10.77.0.70')
    await world.change({ aheadMs: (testNetwork.leaseSeconds + 60) * 1000 })
    expect(await world.event('dhcp.conflict', ({ address }) => address === '10.77.0.70')).toMatchObject({ ownerMac, clientMac: null })
    expect(world.events.some((event) => event.kind === 'dhcp.offered' && event.address === '10.77.0.70' && event.mac !== first.mac)).toBe(false)
  })

  it.each([['', false, ['10.77.0.80', '10.77.0.81']], [', also after a restart of the appliance', true, ['10.77.0.82', '10.77.0.83']]] as const)('is found after its client got it again, who is refused when it renews%s, and gets another', async (_, restarts, [one, other]) => {
    await serve(one, other)
    const client = place()
    const before = client.udhcpc()
    const [, address = ''] = await before.wrote(/state bound (\S+)/)
    await before.end()
    client.run('ip', 'addr', 'flush', 'dev', 'eth0')
    const { mac: ownerMac } = squat(address)
    // Longer ago than it counts that nobody answered.
    await world.change({ aheadMs: laterMs })
    const udhcpc = client.udhcpc()
    await udhcpc.wrote(new RegExp(`state bound ${address}`))
    expect(await world.event('dhcp.conflict', (event) => event.address === address)).toMatchObject({ ownerMac, clientMac: client.mac })
    if (restarts) await world.change({ restart: true })
    udhcpc.signal('SIGUSR1')
    await world.event('dhcp.naked', ({ mac }) => mac === client.mac)
    await udhcpc.wrote(new RegExp(`state bound ${address === one ? other : one}`))
  })
})
