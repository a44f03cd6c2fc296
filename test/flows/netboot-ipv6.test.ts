import { randomBytes } from 'node:crypto'
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { readPackets } from '#control/blackbox/read-packets'
import { encodeDhcp6, type Dhcp6Datagram } from '#netboot/codec/dhcpv6'
import { findOption, option6, readIaNas } from '#netboot/codec/dhcpv6-options'
import { linkLayerDuid } from '#netboot/codec/duid'
import { decodePcap } from '#netboot/codec/pcap'
import { seedsOf } from '../fuzz/corpus.ts'
import { askingCommand, bootUrlOf, firmwareOptions, readAnswer, solicit } from '../sim/dhcp6-client.ts'
import { testNetwork } from '../sim/memory-site.ts'
import { hostilePackets } from '../sim/random.ts'
import { openNetbootWorld, type NetbootWorld } from './netboot-world.ts'

const mac = '52:54:00:0a:0b:0c'
const ipv6 = { prefix: 'fd00:77::/64', address: 'fd00:77::1' }
const files = mkdtempSync(path.join(os.tmpdir(), 'sc-netboot6-files-'))
const loader = randomBytes(173_792)
let world: NetbootWorld

beforeAll(async () => {
  writeFileSync(path.join(files, 'loader'), loader)
  const at = path.join(files, 'loader')
  world = await openNetbootWorld({ network: { ipv6 }, files: { 'snponly.efi': at, vmlinuz: at, 'initrd.img': at }, packetFolder: path.join(files, 'packets') })
})
afterAll(async () => { await world?.close(); rmSync(files, { recursive: true, force: true }) })

const ask = async (datagram: Dhcp6Datagram): Promise<Dhcp6Datagram> => readAnswer((await world.client(askingCommand(datagram), { seconds: 10 })).output)
const client = linkLayerDuid(mac)
const pxe = firmwareOptions('PXEClient:Arch:00007:UNDI:003000', 7)

describe('DHCPv6', () => {
  it('gives dhclient an address and takes it back', async () => {
    // The kernel first looks whether somebody else has the client's link-local address; dhclient does not wait for that.
    await expect.poll(async () => (await world.client(['ip', '-6', 'addr', 'show', 'dev', 'eth0', 'scope', 'link'])).output, { timeout: 20_000, interval: 300 }).toMatch(/fe80:[^ ]+ scope link $/m)
    const script = path.join(world.folder, 'script6')
    writeFileSync(script, `#!/bin/sh\nenv | grep -E "^(reason|new_)" >>${world.folder}/dhclient6.env\nexit 0\n`)
    chmodSync(script, 0o755)
    const conf = path.join(world.folder, 'dhclient6.conf')
    writeFileSync(conf, 'timeout 10;\n')
    const base = ['dhclient', '-6', '-1', '-d', '-sf', script, '-cf', conf, '-lf', path.join(world.folder, 'leases6'), '-pf', path.join(world.folder, 'pid6'), 'eth0']
    const dhclient = world.start(...base)
    const bound = await world.event('dhcp6.bound')
    expect(bound.mac).toBe(mac)
    await vi.waitFor(() => {
      const env = readFileSync(path.join(world.folder, 'dhclient6.env'), 'utf8')
      for (const line of [`new_ip6_address=${bound.address}`, 'new_dhcp6_domain_search=lab.test.']) expect(env).toContain(line)
    }, { timeout: 20_000 })
    await dhclient.end()
    expect(bound.address).toMatch(/^fd00:77::?[0-9a-f:]+$/)
    await world.client([...base.slice(0, 2), '-r', ...base.slice(4)], { seconds: 8 })
    expect((await world.event('dhcp6.released')).address).toBe(bound.address)
  })

  it('tells each kind of firmware where it boots from', async () => {
    expect(bootUrlOf(await ask(solicit(client, [])))).toBe('')
    expect(bootUrlOf(await ask(solicit(client, pxe)))).toBe('tftp://[fd00:77::1]/snponly.efi')
    const http = await ask(solicit(client, firmwareOptions('HTTPClient:Arch:00016:UNDI:003000', 16)))
    expect(bootUrlOf(http)).toBe('http://[fd00:77::1]/files/snponly.efi')
    expect(Buffer.from(findOption(http.message.options, option6.vendorClass) ?? []).toString('latin1')).toContain('HTTPClient')
    const ipxe = await ask(solicit(client, [...firmwareOptions('PXEClient:Arch:00007:UNDI:003010', 7), { code: option6.userClass, value: Uint8Array.of(0, 4, ...Buffer.from('iPXE')) }]))
    expect(bootUrlOf(ipxe)).toBe('http://[fd00:77::1]/boot.ipxe')
    expect(readIaNas(ipxe.message.options)?.[0]?.addresses).toHaveLength(1)
    expect(await world.event('dhcp6.solicited', (event) => event.client.kind === 'firmware')).toMatchObject({ mac, client: { architecture: 'uefi-x64' } })
  })

  it('answers through relays, which say whose card it is', async () => {
    const far = { ...testNetwork, id: 'far', relayed: true, cidr: '10.99.0.0/24', gateway: '10.99.0.254', ranges: [], ipv6: { prefix: 'fd00:99::/64', address: ipv6.address } }
    await world.change({ networks: [{ ...testNetwork, ipv6 }, far] })
    const program = 'const d=require("dgram").createSocket({type:"udp6"});d.on("message",m=>{console.log(m.toString("hex"));d.close()});d.bind(547,()=>d.send(Buffer.from(process.argv[1],"hex"),547,"fd00:77::1"))'
    await world.client(['ip', 'addr', 'add', 'fd00:77::50/64', 'dev', 'eth0', 'nodad'])
    const relay = { hops: 0, linkAddress: 'fd00:99::fe', peerAddress: 'fe80::99', options: [{ code: option6.interfaceId, value: Uint8Array.of(1, 2, 3) }, { code: option6.clientLinkAddress, value: Uint8Array.of(0, 1, 2, 0, 0, 0, 0, 9) }] }
    const bytes = encodeDhcp6({ ...solicit(Uint8Array.of(0, 2, 0, 0, 171, 17, 1, 2), pxe), relays: [relay] })
    const { output } = await world.client([process.execPath, '-e', program, Buffer.from(bytes).toString('hex')], { seconds: 10 })
    const answer = readAnswer(output)
    expect(answer.relays).toMatchObject([{ linkAddress: 'fd00:99::fe', peerAddress: 'fe80::99', options: [{ code: option6.interfaceId }] }])
    expect(readIaNas(answer.message.options)?.[0]?.addresses[0]?.address).toMatch(/^fd00:99:/)
    expect(await world.event('dhcp6.solicited', ({ networkId }) => networkId === 'far')).toMatchObject({ mac: '02:00:00:00:00:09', packet: { relay: 'fd00:99::fe' } })
  })
})

describe('files over IPv6', () => {
  it('come by TFTP, by HTTP, and as scripts that go on by IPv6', async () => {
    const { output, code } = await world.client(['curl', '-sS', '--max-time', '20', '-o', 'tftp6', 'tftp://[fd00:77::1]/snponly.efi'])
    expect([output, code]).toEqual(['', 0])
    expect(readFileSync(path.join(world.folder, 'tftp6')).equals(loader)).toBe(true)
    expect(await world.event('tftp.sent')).toMatchObject({ file: 'snponly.efi', address: 'fd00:77::50' })
    const got = async (url: string): Promise<string> => (await world.client(['curl', '-sS', '--max-time', '20', '-g', url])).output
    expect(await got('http://[fd00:77::1]/boot.ipxe')).toContain('chain --replace --autofree http://[fd00:77::1]/boot/${netX/mac:hexhyp}?')
    expect(await got('http://[fd00:77::1]/boot/52-54-00-0a-0b-0c')).toMatch(/kernel http:\/\/\[fd00:77::1\]\/files\/vmlinuz .*sc\.url=http:\/\/10\.77\.0\.1 /)
  })

  it('are in the record of the machine, with its DHCPv6', async () => {
    const file = path.join(files, 'packets', '5254000a0b0c.pcap')
    await vi.waitFor(() => {
      const decoded = existsSync(file) ? decodePcap(readFileSync(file)) : undefined
      const moments = decoded?.ok === true ? readPackets(decoded.value.frames, mac) : []
      expect(moments).toContainEqual(expect.objectContaining({ kind: 'dhcp6', message: 'solicit', fromMachine: true, client: 'firmware', architectureId: 'uefi-x64' }))
      expect(moments).toContainEqual(expect.objectContaining({ kind: 'dhcp6', message: 'advertise', fromMachine: false, client: 'firmware', bootFile: 'tftp://[fd00:77::1]/snponly.efi' }))
      expect(moments).toContainEqual(expect.objectContaining({ kind: 'tftp', file: 'snponly.efi', server: 'fd00:77::1', bytes: loader.length, end: 'done' }))
      expect(moments).toContainEqual(expect.objectContaining({ kind: 'http', path: '/boot.ipxe', server: 'fd00:77::1', status: 200, end: 'done' }))
    }, { timeout: 20_000, interval: 300 })
  })
})

describe('a flood from one card', () => {
  // After what is read from this card's record: its few seconds of frames that wait for the disk are full then.
  it('counts hostile datagrams and goes on', async () => {
    const seeds = seedsOf('dhcp6')
    const packets = Array.from(hostilePackets(seeds, 10_000, 6), (packet) => Buffer.from(packet).toString('base64')).join('\n')
    const blast = 'const d=require("dgram").createSocket("udp6");const p=require("fs").readFileSync(0,"utf8").split("\\n").map(l=>Buffer.from(l,"base64"));(async()=>{for(const [port,some] of [[547,p],[69,p.slice(0,2000)]])for(const b of some)await new Promise(r=>d.send(b,port,"fd00:77::1",r));d.close()})()'
    expect((await world.client([process.execPath, '-e', blast], { input: Buffer.from(packets), seconds: 60 })).code).toBe(0)
    await world.dropped('dhcp6', 'malformed', 100)
    expect(world.isAlive()).toBe(true)
    expect(bootUrlOf(await ask(solicit(client, pxe)))).toBe('tftp://[fd00:77::1]/snponly.efi')
  })
})

describe('an IPv6 prefix', () => {
  it('takes its servers with it, and brings them with another one', async () => {
    await world.change({ networks: [testNetwork] })
    const listens = async (address: string): Promise<boolean> => (await world.client(['curl', '-s', '--max-time', '2', '-g', '-o', '/dev/null', `http://[${address}]/boot.ipxe`])).code === 0
    await expect.poll(() => listens('fd00:77::1'), { timeout: 20_000, interval: 500 }).toBe(false)
    await world.client(['ip', 'addr', 'add', 'fd00:78::50/64', 'dev', 'eth0', 'nodad'])
    await world.change({ networks: [{ ...testNetwork, ipv6: { prefix: 'fd00:78::/64', address: 'fd00:78::1' } }] })
    await expect.poll(() => listens('fd00:78::1'), { timeout: 20_000, interval: 500 }).toBe(true)
  })
})
