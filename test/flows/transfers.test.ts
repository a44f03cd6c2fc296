import { execFileSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { encodeTftp } from '#netboot/codec/tftp'
import type { BootEvent } from '#netboot/site'
import { openNetbootWorld, type NetbootWorld } from './netboot-world.ts'

const root = path.join(import.meta.dirname, '../..')
const files = mkdtempSync(path.join(os.tmpdir(), 'sc-transfers-'))
const loader = randomBytes(700_001)
const long = randomBytes(8 * 66_000)
/** More than the kernel's buffers take, so that a slow reader is slow. */
const chunk = randomBytes(24_000_000)
const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')
const blake2b = (bytes: Buffer): string => createHash('blake2b512').update(bytes).digest('hex')
let world: NetbootWorld

beforeAll(async () => {
  mkdirSync(path.join(files, 'chunks'))
  for (const [name, bytes] of Object.entries({ loader, long, empty: Buffer.alloc(0), [`chunks/${blake2b(chunk)}`]: chunk })) writeFileSync(path.join(files, name), bytes)
  const at = (name: string): string => path.join(files, name)
  world = await openNetbootWorld({ files: { loader: at('loader'), long: at('long'), empty: at('empty'), vmlinuz: at('loader'), 'initrd.img': at('loader') }, chunkFolder: at('chunks'), downloadLimit: 1 })
  execFileSync('ip', ['-n', world.clientSpace, 'addr', 'add', '10.77.0.51/24', 'dev', 'eth0'])
})
afterAll(async () => { await world?.close(); rmSync(files, { recursive: true, force: true }) })

interface Read { sha256: string; sizeBytes: number; seconds: number; packets: number; repeated: number; error: string | null }
const read = async (file: string, options: Record<string, string>, faults: object = {}): Promise<Read> => {
  const plan = { server: '10.77.0.1', file, options, loss: 0, duplication: 0, reordering: 0, seed: 1, ...faults }
  const { output } = await world.client([process.execPath, '--import', path.join(root, 'node_modules/tsx/dist/loader.mjs'), path.join(root, 'test/sim/faulty-tftp.ts'), JSON.stringify(plan)], { seconds: 90 })
  return JSON.parse(output.split('\n').find((line) => line.startsWith('{')) ?? `{"error":${JSON.stringify(output)}}`) as Read
}
const script = (source: string, ...args: string[]): Promise<{ output: string }> => world.client([process.execPath, '-e', source, ...args])

describe('TFTP over a bad wire', () => {
  it.each<[string, Record<string, string>, object]>([
    ['window 1, losses', {}, { loss: 0.01 }],
    ['window 16, losses', { blksize: '1468', windowsize: '16', tsize: '0' }, { loss: 0.03 }],
    ['window 4, everything', { blksize: '1400', windowsize: '4' }, { loss: 0.03, duplication: 0.03, reordering: 0.03 }],
    ['window 64, everything', { blksize: '1468', windowsize: '64' }, { loss: 0.01, duplication: 0.01, reordering: 0.01 }],
  ])('brings every byte over: %s', async (_, options, faults) => {
    expect(await read('loader', options, faults)).toMatchObject({ error: null, sizeBytes: loader.length, sha256: sha256(loader) })
  })
  it('counts on beyond block 65535', async () => expect(await read('long', { blksize: '8', windowsize: '64' })).toMatchObject({ error: null, sha256: sha256(long) }))
  it('sends no block twice over a good wire', async () => expect((await read('loader', { blksize: '1468', windowsize: '16' })).repeated).toBe(0))
  it('notices a client that says it stops, and one that has gone', async () => {
    await read('loader', { windowsize: '8' }, { abandonAfter: 20, abort: true })
    expect(await world.event('tftp.failed', ({ why }) => why.includes('enough'))).toMatchObject({ file: 'loader' })
    await read('loader', { windowsize: '8' }, { abandonAfter: 20 })
    await world.event('tftp.failed', ({ why }) => why.includes('has gone'), 40)
  })
  it('serves 64 at once from one address', async () => {
    const source = `const {spawn}=require("child_process");let left=64,bad=0;for(let n=0;n<64;n++){const c=spawn("atftp",["--option","blksize 1400","--option","windowsize 8","-g","-r","loader","-l","many"+n,"10.77.0.1"],{stdio:"ignore"});c.on("exit",(code)=>{if(code)bad++;if(--left===0)console.log("bad",bad)})}`
    expect((await script(source)).output).toContain('bad 0')
    for (const n of [0, 31, 63]) expect(readFileSync(path.join(world.folder, `many${n}`)).equals(loader)).toBe(true)
  })
})

describe('requests that nobody confirms', () => {
  const request = Buffer.from(encodeTftp({ kind: 'read', file: 'loader', mode: 'octet', options: new Map([['windowsize', '16']]) })).toString('hex')
  /** One request from each of so many ports of each address, twenty at a time, and never a word after it. Stays until its function is called, which tells how many were answered. */
  const flood = (addresses: readonly string[], ports: number): (() => Promise<number>) => {
    const source = `
      const dgram=require("dgram"),[hex,list,ports]=process.argv.slice(1),from=JSON.parse(list).flatMap((a)=>Array.from({length:Number(ports)},()=>a));let answered=0;
      const ask=(address)=>{const s=dgram.createSocket("udp4");s.once("message",()=>{answered++});s.bind(0,address,()=>s.send(Buffer.from(hex,"hex"),69,"10.77.0.1"))};
      const turn=()=>{from.splice(0,20).forEach(ask);if(from.length)setTimeout(turn,20)};turn();
      process.on("SIGTERM",()=>{console.log("answered",answered);process.exit()})`
    const program = world.start(process.execPath, '-e', source, request, JSON.stringify(addresses), String(ports))
    return async () => {
      program.signal('SIGTERM')
      return Number((await program.wrote(/answered (\d+)\n/))[1])
    }
  }
  const since = (before: number) => (event: BootEvent): boolean => world.events.indexOf(event) >= before

  it('are taken from one address sixty-four at a time, and the rest is counted', async () => {
    const before = world.events.length
    const end = flood(['10.77.0.51'], 65)
    // The one too many has been decided on by then.
    expect(await world.event('datagrams.dropped', (event) => event.receiver === 'tftp' && event.reason === 'too-many' && since(before)(event))).toMatchObject({ count: 1 })
    expect(await end()).toBe(64)
  })

  it('make room, the oldest first, for who asks next, however many addresses they come from', async () => {
    const addresses = Array.from({ length: 18 }, (_, n) => `10.77.0.${60 + n}`)
    for (const address of addresses) execFileSync('ip', ['-n', world.clientSpace, 'addr', 'add', `${address}/24`, 'dev', 'eth0'])
    const before = world.events.length
    const begun = (): number => world.events.slice(before).filter(({ kind }) => kind === 'tftp.started').length
    const end = flood(addresses, 62)
    // More than there are places: those that came first have gone.
    await vi.waitUntil(() => begun() > 1100, { timeout: 20_000 })
    expect(await world.event('tftp.failed', (event) => event.why === 'ended to make room' && since(before)(event))).toMatchObject({ file: 'loader', sentBytes: 0 })
    const served = await world.client(['atftp', '--option', 'blksize 1400', '-g', '-r', 'loader', '-l', 'amid', '10.77.0.1'])
    expect(served).toMatchObject({ code: 0 })
    expect(readFileSync(path.join(world.folder, 'amid')).equals(loader)).toBe(true)
    expect(await end()).toBeGreaterThan(1100)
  })
})

describe('a request that comes twice', () => {
  it('does not end the transfer that it began', async () => {
    const request = Buffer.from(encodeTftp({ kind: 'read', file: 'loader', mode: 'octet', options: new Map() })).toString('hex')
    const source = `
      const dgram=require("dgram"),a=dgram.createSocket("udp4"),ask=()=>a.send(Buffer.from(process.argv[1],"hex"),69,"10.77.0.1"),ports=new Set();let block=0;
      a.on("message",(m,f)=>{ports.add(f.port);if(m[1]!==3){console.log("error",m[3]);process.exit()}if(m[3]!==block+1)return;block=m[3];if(block===10)ask();
        if(block===200){console.log(block,ports.size);process.exit()}setTimeout(()=>a.send(Buffer.from([0,4,m[2],m[3]]),f.port,f.address),block===10?200:0)});
      a.bind(0,ask)`
    expect((await script(source, request)).output.trim()).toBe('200 1')
  })
})

describe('strangers at a transfer’s port', () => {
  it('are told so, and disturb nobody', async () => {
    const request = Buffer.from(encodeTftp({ kind: 'read', file: 'loader', mode: 'octet', options: new Map() })).toString('hex')
    const source = `
      const dgram=require("dgram"),a=dgram.createSocket("udp4"),b=dgram.createSocket("udp4");let port=0,block=0,said="";
      b.on("message",(m)=>{said=m.toString("latin1",4)+m[3]});
      a.on("message",(m,f)=>{if(m[1]!==3||m[3]===block)return;port=f.port;block=m[3];b.send(Buffer.from([0,4,0,9]),port,f.address);b.send(Buffer.from([0,5,0,0,65,0]),port,f.address);
        if(block===40){setTimeout(()=>{console.log(block,said.includes("unknown transfer5".slice(0,16)));process.exit()},300)}else a.send(Buffer.from([0,4,m[2],m[3]]),port,f.address)});
      a.bind(0,()=>a.send(Buffer.from(process.argv[1],"hex"),69,"10.77.0.1"))`
    expect((await script(source, request)).output.trim()).toBe('40 true')
  })
})

describe('the signed GRUB', () => {
  it('finds its orders by TFTP and by HTTP, and not what it goes on without', async () => {
    for (const name of ['/grub/grub.cfg', '/grub/order-52:54:00:0a:0b:0c.cfg']) await world.client(['atftp', '-g', '-r', name, '-l', path.basename(name), '10.77.0.1'])
    expect(readFileSync(path.join(world.folder, 'grub.cfg'), 'utf8')).toContain('source ($root)/grub/order-$net_default_mac.cfg')
    expect(readFileSync(path.join(world.folder, 'order-52:54:00:0a:0b:0c.cfg'), 'utf8')).toContain('linux /vmlinuz BOOTIF=01-52-54-00-0a-0b-0c')
    expect(await world.event('script.rendered')).toMatchObject({ mac: '52:54:00:0a:0b:0c', script: 'ramdisk' })
    const curl = async (name: string): Promise<string> => (await world.client(['curl', '-sS', '-w', '%{http_code}', `http://10.77.0.1/${name}`])).output
    expect(await curl('/grub/order-52:54:00:0a:0b:0c.cfg')).toMatch(/linux \/files\/vmlinuz [\s\S]*200$/)
    expect(await curl('grub/x86_64-efi/command.lst')).toMatch(/404$/)
    await world.change({ isBroken: true })
    expect(await curl('grub/order-52:54:00:0a:0b:0c.cfg')).toMatch(/in trouble[\s\S]*200$/)
    await world.change({ isBroken: false })
  })
})

describe('image downloads', () => {
  const url = `http://10.77.0.1/chunks/${blake2b(chunk)}`
  const established = (client: string): string => world.server('ss', '-Htn', 'state', 'established', 'dst', client)
  it('wait for their turn, and see their place', async () => {
    const first = world.start('curl', '-sS', '--limit-rate', '400k', '-o', 'first', url)
    await vi.waitUntil(() => existsSync(path.join(world.folder, 'first')) && statSync(path.join(world.folder, 'first')).size > 0, { timeout: 20_000 })
    const asking = world.client(['curl', '-sS', '--interface', '10.77.0.51', '-D', '-', url, '-o', 'refused'])
    // It is held for ten seconds before it is told to come back, and a place is kept for as long: both are over at once by a clock that is put forward.
    await vi.waitUntil(() => established('10.77.0.51') !== '', { timeout: 20_000 })
    await world.change({ aheadMs: 10_001 })
    expect((await asking).output).toMatch(/^HTTP\/1\.1 503[\s\S]*retry-after: \d/i)
    expect(readFileSync(path.join(world.folder, 'refused'), 'utf8')).toContain('number 1 in the queue')
    await first.end()
    await vi.waitUntil(() => established('10.77.0.50') === '', { timeout: 20_000 })
    await world.change({ aheadMs: 10_001 })
    const { output } = await world.client(['curl', '-sS', '--fail', '--retry', '5', '--interface', '10.77.0.51', '-w', '%{http_code}', '-o', 'image', url], { seconds: 60 })
    expect(output).toMatch(/200$/)
    expect(readFileSync(path.join(world.folder, 'image')).equals(chunk)).toBe(true)
  })
  it('never hold up loaders and scripts', async () => {
    const source = `const http=require("http");const agent=new http.Agent({keepAlive:true,maxSockets:500});let left=1500,bad=0;for(let n=0;n<1500;n++)http.get({host:"10.77.0.1",path:n%3?"/boot.ipxe":"/files/loader",agent},(r)=>{let b=0;r.on("data",(d)=>{b+=d.length});r.on("end",()=>{if(r.statusCode!==200||(n%3===0&&b!==${loader.length}))bad++;if(--left===0){console.log("bad",bad);process.exit()}})}).on("error",()=>{bad++;left--})`
    expect((await script(source)).output.trim()).toBe('bad 0')
  })
  it('go on through slow readers and clients that leave', async () => {
    const source = `const net=require("net");let left=200;for(let n=0;n<200;n++){const s=net.connect(80,"10.77.0.1",()=>s.write("GET /files/loader HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n"));s.on("error",()=>{});s.once("data",()=>{s.pause();if(--left===0)console.log("all wait")})}`
    const whole = async (name: string): Promise<void> => {
      expect((await world.client(['curl', '-sS', '-o', name, '-w', '%{http_code}', 'http://10.77.0.1/files/loader'])).output).toBe('200')
      expect(readFileSync(path.join(world.folder, name)).equals(loader)).toBe(true)
    }
    const slow = world.start(process.execPath, '-e', source)
    await slow.wrote(/all wait/)
    await whole('beside')
    await slow.end()
    await world.event('file.sent', ({ file, complete }) => file === 'loader' && !complete)
    await whole('afterwards')
  })
})
