import { createHash, randomBytes } from 'node:crypto'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { encodeTftp } from '#netboot/codec/tftp'
import { rootPlaceholder } from '#netboot/policy/boot/installed-root'
import { readPcap } from '../sim/pcap.ts'
import type { PlacedProgram } from '../sim/placed-program.ts'
import { hostilePackets } from '../sim/random.ts'
import { openNetbootWorld, type NetbootWorld } from './netboot-world.ts'

const mac = '52:54:00:0a:0b:0c'
const files = mkdtempSync(path.join(os.tmpdir(), 'sc-netboot-files-'))
const loader = randomBytes(173_792)
const exact = randomBytes(512 * 64)
const diskLoader = Buffer.concat([randomBytes(300_000), Buffer.from(rootPlaceholder), randomBytes(70_000)])
const chunk = randomBytes(100_000)
const digest = createHash('blake2b512').update(chunk).digest('hex')
const silentRequest = encodeTftp({ kind: 'read', file: 'snponly.efi', mode: 'octet', options: new Map([['windowsize', '64'], ['timeout', '1']]) })
let world: NetbootWorld
/** Asks for a file and says nothing more. Begins first: it takes a quarter of a minute until the server gives it up. */
let silent: PlacedProgram

beforeAll(async () => {
  for (const [name, bytes] of Object.entries({ loader, exact, diskLoader, empty: Buffer.alloc(0), kernel: randomBytes(5_000_000) })) writeFileSync(path.join(files, name), bytes)
  mkdirSync(path.join(files, 'chunks'))
  writeFileSync(path.join(files, 'chunks', digest), chunk)
  const at = (name: string): string => path.join(files, name)
  world = await openNetbootWorld({
    files: { 'undionly.kpxe': at('loader'), 'snponly.efi': at('loader'), exact: at('exact'), 'localboot.efi': at('diskLoader'), empty: at('empty'), vmlinuz: at('kernel'), 'initrd.img': at('loader') },
    chunkFolder: at('chunks'),
  })
  const count = 'const d=require("dgram").createSocket("udp4");let n=0,b=0;d.on("message",m=>{n++;b+=m.length});d.bind(0,()=>{d.send(Buffer.from(process.argv[1],"hex"),69,"10.77.0.1")});process.on("SIGTERM",()=>{console.log(JSON.stringify({n,b}));d.close()})'
  silent = world.start(process.execPath, '-e', count, Buffer.from(silentRequest).toString('hex'))
})
afterAll(async () => { await world?.close(); rmSync(files, { recursive: true, force: true }) })

describe('DHCP with stock clients', () => {
  it('gives dhclient an address, its network and its name, and takes it back', async () => {
    await world.change({ machine: [mac, { id: 'm1', hostname: 'node1', decision: 'localDisk', address: null }] })
    const script = path.join(world.folder, 'script')
    writeFileSync(script, `#!/bin/sh\nenv | grep ^new_ >>${world.folder}/dhclient.env\nexit 0\n`)
    chmodSync(script, 0o755)
    const conf = path.join(world.folder, 'dhclient.conf')
    writeFileSync(conf, 'timeout 10;\nrequest subnet-mask, broadcast-address, routers, domain-name, domain-name-servers, domain-search, host-name, ntp-servers;\n')
    const base = ['dhclient', '-4', '-1', '-d', '-sf', script, '-cf', conf, '-lf', path.join(world.folder, 'leases'), '-pf', path.join(world.folder, 'pid'), 'eth0']
    const dhclient = world.start(...base)
    await dhclient.wrote(/bound to 10\.77\.0\.1\d\d/)
    await dhclient.end()
    const told = readFileSync(path.join(world.folder, 'dhclient.env'), 'utf8')
    for (const line of ['new_subnet_mask=255.255.255.0', 'new_routers=10.77.0.1', 'new_domain_name_servers=10.77.0.1', 'new_ntp_servers=10.77.0.1', 'new_domain_name=lab.test', 'new_domain_search=lab.test.', 'new_host_name=node1']) expect(told).toContain(line)
    const acked = await world.event('dhcp.acked', (event) => event.mac === mac)
    expect(told).toContain(`new_ip_address=${acked.address}`)
    expect(acked.bootFile).toBeNull()
    await world.client([...base.slice(0, 2), '-r', ...base.slice(4)], { seconds: 8 })
    expect((await world.event('dhcp.released')).address).toBe(acked.address)
  })

  it('gives udhcpc, with another client id, the same address', async () => {
    const { address } = await world.event('dhcp.acked')
    const { output } = await world.client(['busybox', 'udhcpc', '-f', '-q', '-n', '-t', '5', '-i', 'eth0', '-x', '0x3d:00aabbccdd', '-s', '/bin/true'])
    expect(output).toContain(`lease of ${address} obtained`)
  })

  it('says nothing where the lease cannot be stored, and answers again afterwards', async () => {
    await world.change({ cannotStore: true })
    expect((await world.client(['busybox', 'udhcpc', '-f', '-q', '-n', '-t', '2', '-T', '1', '-i', 'eth0', '-s', '/bin/true'])).code).toBe(1)
    await world.change({ cannotStore: false })
    expect((await world.client(['busybox', 'udhcpc', '-f', '-q', '-n', '-i', 'eth0', '-s', '/bin/true'])).code).toBe(0)
  })
})

describe('TFTP with stock clients', () => {
  const got = (name: string): Buffer => readFileSync(path.join(world.folder, name))
  it('serves tftp-hpa', async () => {
    for (const [remote, local, bytes] of [['undionly.kpxe', 'a', loader], ['//snponly.efi', 'b', loader], ['exact', 'c', exact], ['empty', 'd', Buffer.alloc(0)]] as const) {
      await world.client(['tftp', '-m', 'binary', '10.77.0.1', '-c', 'get', remote, local])
      expect(got(local).equals(bytes)).toBe(true)
    }
    expect((await world.event('tftp.sent', (event) => event.file === 'undionly.kpxe')).sizeBytes).toBe(loader.length)
  })

  it('serves atftp with larger blocks and windows', async () => {
    await world.client(['atftp', '--option', 'blksize 1400', '--option', 'tsize', '--option', 'windowsize 8', '-g', '-r', 'snponly.efi', '-l', 'e', '10.77.0.1'])
    expect(got('e').equals(loader)).toBe(true)
    expect(await world.event('tftp.started', (event) => event.windowSize === 8)).toMatchObject({ blockSize: 1400 })
  })

  it('translates for clients in text mode, which turn it back', async () => {
    await world.client(['tftp', '-m', 'ascii', '10.77.0.1', '-c', 'get', 'undionly.kpxe', 'text'])
    expect(got('text').equals(loader)).toBe(true)
    expect((await world.client(['tftp', '-m', 'ascii', '10.77.0.1', '-c', 'get', 'vmlinuz', 'large'])).output).toContain('too large for netascii')
  })

  it('always has the script that iPXE looks for beside its loader', async () => {
    await world.client(['tftp', '-m', 'binary', '10.77.0.1', '-c', 'get', 'autoexec.ipxe', 'auto'])
    expect(got('auto').toString()).toMatch(/^#!ipxe\n[\s\S]*chain --replace --autofree http:\/\/10\.77\.0\.1\/boot\//)
  })

  it('has no files but those of its manifest, and takes none', async () => {
    for (const name of ['../../../etc/passwd', '/etc/passwd', 'nothing']) {
      expect((await world.client(['tftp', '-m', 'binary', '10.77.0.1', '-c', 'get', name, 'x'])).output).toContain('no such file')
    }
    writeFileSync(path.join(world.folder, 'mine'), 'mine')
    expect((await world.client(['tftp', '-m', 'binary', '10.77.0.1', '-c', 'put', 'mine', 'mine'])).output).toMatch(/no such file|read only/)
  })
})

describe('boot HTTP with curl', () => {
  const curl = async (...argv: string[]): Promise<string> => (await world.client(['curl', '-sS', '--max-time', '20', ...argv])).output
  const base = 'http://10.77.0.1'

  it('serves files whole, in part, and by HEAD', async () => {
    await curl('-o', 'f', `${base}//files/snponly.efi`)
    expect(readFileSync(path.join(world.folder, 'f')).equals(loader)).toBe(true)
    const head = await curl('-I', `${base}/files/snponly.efi`)
    expect(head).toMatch(/content-length: 173792/i)
    const etag = /etag: (.*?)\r/i.exec(head)?.[1] ?? ''
    await curl('-r', '100-299', '-o', 'g', `${base}/files/snponly.efi`)
    expect(readFileSync(path.join(world.folder, 'g')).equals(loader.subarray(100, 300))).toBe(true)
    expect(await curl('-o', '/dev/null', '-w', '%{http_code}', '-H', `If-None-Match: ${etag}`, `${base}/files/snponly.efi`)).toBe('304')
    expect(await curl('-o', '/dev/null', '-w', '%{http_code} %{size_download}', '-r', '5-9', '-H', 'If-Range: "old"', `${base}/files/snponly.efi`)).toBe('200 173792')
    expect(await curl('-o', '/dev/null', '-w', '%{http_code}', '-r', '999999-', `${base}/files/snponly.efi`)).toBe('416')
    expect(await world.event('file.sent')).toMatchObject({ file: 'snponly.efi', complete: true, sizeBytes: 173_792 })
  })

  it('serves chunks by their digest only', async () => {
    await curl('-o', 'h', `${base}/chunks/${digest}`)
    expect(readFileSync(path.join(world.folder, 'h')).equals(chunk)).toBe(true)
    for (const [name, code] of [['0'.repeat(128), '404'], ['..%2f..%2fetc%2fpasswd', '400'], [digest.toUpperCase(), '400']]) {
      expect(await curl('-o', '/dev/null', '-w', '%{http_code}', '--path-as-is', `${base}/chunks/${name}`)).toBe(code)
    }
    expect(await curl('-o', '/dev/null', '-w', '%{http_code}', '--path-as-is', `${base}/files/../../etc/passwd`)).toBe('404')
  })

  it('renders the script that was decided, and never sends a machine to its disk when it is broken', async () => {
    const boot = (): Promise<string> => curl(`${base}/boot/52-54-00-0a-0b-0c?uuid=00112233-4455-6677-8899-0A0B0C0D0E0F&platform=efi&arch=x86_64&serial=S1`)
    expect(await boot()).toContain('sanboot')
    expect(await world.event('script.rendered')).toMatchObject({ mac, script: 'localDisk', client: { uuid: '00112233-4455-6677-8899-0a0b0c0d0e0f', platform: 'efi', serial: 'S1' } })
    expect(await curl(`${base}/boot/52-54-00-0a-0b-0d`)).toContain('kernel http://10.77.0.1/files/vmlinuz')
    await world.change({ policy: 'ignore' })
    expect(await curl(`${base}/boot/52-54-00-0a-0b-0d`)).toMatch(/exit 1\n$/)
    await world.change({ policy: 'discover', isBroken: true })
    const broken = await curl('-w', '%{http_code}', `${base}/boot/52-54-00-0a-0b-0c`)
    expect(broken).toMatch(/asking again[\s\S]*503$/)
    expect(broken).not.toMatch(/sanboot|exit/)
    await world.change({ isBroken: false })
    expect(await curl(`${base}/boot.ipxe`)).toContain('chain --replace --autofree http://10.77.0.1/boot/${netX/mac:hexhyp}?')
    expect(await curl('-o', '/dev/null', '-w', '%{http_code}', `${base}/boot/not-a-mac`)).toBe('400')
    expect(await curl('-o', '/dev/null', '-w', '%{http_code}', '-X', 'DELETE', `${base}/files/exact`)).toBe('405')
    expect(await curl('-o', '/dev/null', '-w', '%{http_code}', `${base}/etc/passwd`)).toBe('404')
  })

  it('gives a machine whose root is known its own loader for disks, and others the file as it is', async () => {
    const uuid = '5c10ad00-0000-4000-a000-000000000001'
    const got = (name: string): Buffer => readFileSync(path.join(world.folder, name))
    const own = `${base}/boot/52-54-00-0a-0b-0e/localboot.efi`
    await world.change({ machine: ['52:54:00:0a:0b:0e', { id: 'm3', hostname: 'node3', decision: 'localDisk', address: null, rootUuid: uuid }] })
    await curl('-o', 'own', own)
    expect(got('own').toString('latin1')).toBe(diskLoader.toString('latin1').replace(rootPlaceholder, uuid))
    expect(await curl('-I', own)).toMatch(new RegExp(`content-length: ${diskLoader.length}`, 'i'))
    await world.event('file.sent', (event) => event.mac === '52:54:00:0a:0b:0e' && event.file === 'localboot.efi' && event.complete)
    await curl('-o', 'plain', `${base}/boot/52-54-00-0a-0b-0f/localboot.efi`)
    expect(got('plain').equals(diskLoader)).toBe(true)
    expect(await curl('-o', '/dev/null', '-w', '%{http_code}', `${base}/boot/not-a-mac/localboot.efi`)).toBe('400')
    expect(await curl('-o', '/dev/null', '-w', '%{http_code}', `${base}/boot/52-54-00-0a-0b-0e/other`)).toBe('404')
    expect(await curl('-o', '/dev/null', '-w', '%{http_code} %{size_download}', `${base}/boot/52-54-00-0a-0b-0e/drive-81`)).toBe('200 75')
    expect(await curl('-o', '/dev/null', '-w', '%{http_code}', `${base}/boot/52-54-00-0a-0b-0f/drive-81`)).toBe('404')
  })

  it('takes streams of log lines, long ones cut', async () => {
    const lines = ['wk kernel warns', 'ir \u001b[1mramdisk says', 'x'.repeat(20_000), 'last'].join('\n')
    expect((await world.client(['curl', '-sS', '-o', '/dev/null', '-w', '%{http_code}', '-T', '-', '-X', 'POST', `${base}/log/${mac}`], { input: Buffer.from(lines) })).output).toBe('204')
    await world.event('log.lines', (event) => event.lines.some(({ text }) => text === 'last'))
    const said = world.events.flatMap((event) => (event.kind === 'log.lines' && event.mac === mac ? event.lines : []))
    expect(said).toContainEqual({ source: 'kernel', level: 'warn', text: 'kernel warns' })
    expect(said).toContainEqual({ source: 'ramdisk', level: 'info', text: ' [1mramdisk says' })
    expect(said.find(({ text }) => text.startsWith('xxx'))?.text).toHaveLength(2000)
  })
})

describe('a client that falls silent', () => {
  it('is sent one window five times at most', async () => {
    // After this nothing more comes: the transfer is no more.
    await world.event('tftp.failed', ({ file, why }) => file === 'snponly.efi' && why.startsWith('no answer after'), 60)
    silent.signal('SIGTERM')
    const [told] = await silent.wrote(/\{.*\}/)
    const { n, b } = JSON.parse(told) as { n: number; b: number }
    expect(n).toBeGreaterThan(1)
    expect(n).toBeLessThanOrEqual(6)
    expect(b).toBeLessThan(silentRequest.length * 6)
  })
})

describe('what goes wrong inside', () => {
  it('is counted as a drop of each server that it stops, and the next client is served', async () => {
    const udhcpc = (): Promise<{ code: number | null }> => world.client(['busybox', 'udhcpc', '-f', '-q', '-n', '-t', '2', '-T', '1', '-i', 'eth0', '-s', '/bin/true'])
    const broken = (receiver: string): Promise<unknown> => world.event('datagrams.dropped', (event) => event.receiver === receiver && event.reason === 'broken', 30)
    world.events.splice(0)
    await world.change({ isBroken: true })
    expect((await udhcpc()).code).toBe(1)
    expect((await world.client(['curl', '-sS', '-o', '/dev/null', '-w', '%{http_code}', 'http://10.77.0.1/boot/52-54-00-0a-0b-0c'])).output).toBe('503')
    await Promise.all([broken('dhcp'), broken('http')])
    await world.change({ isBroken: false })
    expect((await udhcpc()).code).toBe(0)
  })
})

describe('hostile datagrams', () => {
  it('are counted, and everything is served afterwards', async () => {
    const captured = readPcap(readFileSync(path.join(import.meta.dirname, '../fixtures/captures/uefi-virtio-ovmfnative-pxe.pcap'))).map(({ payload }) => payload)
    const packets = Array.from(hostilePackets(captured, 2000, 3), (packet) => Buffer.from(packet).toString('base64')).join('\n')
    const blast = 'const d=require("dgram").createSocket("udp4");const p=require("fs").readFileSync(0,"utf8").split("\\n").map(l=>Buffer.from(l,"base64"));(async()=>{for(const port of [67,4011,69,514,6666])for(const b of p)await new Promise(r=>d.send(b,port,"10.77.0.1",r));d.close()})()'
    expect((await world.client([process.execPath, '-e', blast], { input: Buffer.from(packets), seconds: 60 })).code).toBe(0)
    for (const receiver of ['dhcp', 'tftp']) await world.dropped(receiver, 'malformed', 100)
    expect(world.isAlive()).toBe(true)
    await world.client(['tftp', '-m', 'binary', '10.77.0.1', '-c', 'get', 'exact', 'z'])
    expect(readFileSync(path.join(world.folder, 'z')).equals(exact)).toBe(true)
    expect((await world.client(['busybox', 'udhcpc', '-f', '-q', '-n', '-i', 'eth0', '-s', '/bin/true'])).code).toBe(0)
    expect((await world.client(['curl', '-sS', '-o', '/dev/null', '-w', '%{http_code}', 'http://10.77.0.1/boot.ipxe'])).output).toBe('200')
  })

  it('may be log lines all the same', async () => {
    const send = (port: number, text: string): Promise<unknown> => world.client([process.execPath, '-e', `const d=require("dgram").createSocket("udp4");d.send(${JSON.stringify(text)},${port},"10.77.0.1",()=>d.close())`])
    await send(514, '<3>kernel: disk gone')
    await send(6666, '4,1,2,-;net slow')
    await world.event('log.lines', ({ lines }) => lines.some(({ text, level }) => text === 'disk gone' && level === 'error'))
    await world.event('log.lines', ({ lines }) => lines.some(({ text, source }) => text === 'net slow' && source === 'kernel'))
  })
})
