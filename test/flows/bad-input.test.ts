import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { pack } from 'tar-stream'
import { buffer } from 'node:stream/consumers'
import { openApplianceWorld, type ApplianceWorld } from '../sim/appliance-world.ts'

const server = '10.78.0.1'
const relay = '10.78.255.254'
const linkedDigest = '0'.repeat(128)
let world: ApplianceWorld

beforeAll(async () => {
  world = await openApplianceWorld('bi')
  // Links out, where files are: what has no name in a manifest is never opened.
  const images = path.join(world.control.home, 'data/images')
  mkdirSync(path.join(images, 'loaders-0123456789abcdef'))
  writeFileSync(path.join(images, 'loaders-0123456789abcdef/files.json'), JSON.stringify({ id: 'loaders', hash: '0123456789abcdef', builtAt: '2026-01-01T00:00:00Z', files: [] }))
  for (const folder of ['loaders-0123456789abcdef', 'debian-13-0123456789abcdef', 'chunks']) {
    mkdirSync(path.join(images, folder), { recursive: true })
    for (const name of ['link', linkedDigest]) symlinkSync('/etc/passwd', path.join(images, folder, name))
  }
  await world.control.start()
})
afterAll(() => world.close())
afterEach(async () => {
  expect((await world.control.api('GET', '/healthz')).status).toBe(200)
  await world.dora(1, 1)
  expect(world.control.output).not.toMatch(/"msg":"(datagram|http|dhcp|tftp)\.broken"|control\.died/)
})

/**
 * Sends datagrams from the clients' namespace and gives what came back. After them a good one is sent from a socket of its own: the server takes
 * them in order, so a tenth of a second after its answer nothing more is to come.
 */
function exchange(port: 67 | 69, own: number, packets: readonly Uint8Array[]): Buffer[] {
  const program = `
    const [port,own]=process.argv.slice(1).map(Number),dgram=require('node:dgram'),[good,...bad]=require('node:fs').readFileSync(0,'utf8').split('\\n').filter(Boolean).map(l=>Buffer.from(l,'hex'));
    const isGood=m=>port===69||m.subarray(4,8).equals(good.subarray(4,8)),over=()=>setTimeout(()=>process.exit(0),100);
    const s=dgram.createSocket('udp4'),g=port===own?s:dgram.createSocket('udp4'),to=(socket,bytes)=>new Promise(r=>socket.send(bytes,port,'10.78.0.1',r));
    s.on('message',m=>{if(s===g&&isGood(m))over();else console.log(m.toString('hex'))});
    if(g!==s)g.on('message',m=>{if(isGood(m))over()});
    s.bind(own,()=>g===s?go():g.bind(port===67?67:0,go));
    async function go(){for(const b of bad)await to(s,b);await to(g,good)}`
  const good = port === 67 ? wellMade : request('autoexec.ipxe')
  const { stdout, status } = spawnSync('ip', ['netns', 'exec', world.clientSpace, 'timeout', '20', process.execPath, '-e', program, String(port), String(own)], { input: [good, ...packets].map((packet) => Buffer.from(packet).toString('hex')).join('\n') })
  if (status !== 0) throw new Error(`a good datagram to port ${port} had no answer`)
  return stdout.toString().split('\n').filter((line) => line !== '').map((line) => Buffer.from(line, 'hex'))
}

interface Head { hardwareLength?: number; relayAddress?: string; clientAddress?: string; cookie?: number[]; file?: number[] }

/** A DISCOVER through a relay that we are, so that the answer comes to us; `options` follow the message type. */
function discover(options: readonly number[], head: Head = {}): Buffer {
  const bytes = Buffer.alloc(236)
  bytes.set([1, 1, head.hardwareLength ?? 6, 0, 1, 2, 3, 4])
  bytes.set((head.clientAddress ?? '0.0.0.0').split('.').map(Number), 12)
  bytes.set((head.relayAddress ?? relay).split('.').map(Number), 24)
  bytes.set([2, 0x5c, 9, 9, 9, 9], 28)
  bytes.set(head.file ?? [], 108)
  return Buffer.concat([bytes, Buffer.from(head.cookie ?? [0x63, 0x82, 0x53, 0x63]), Buffer.from([53, 1, 1, ...options])])
}
const end = 255
/** Tells itself from the others by its transaction and its card. */
const wellMade = discover([end])
wellMade.set([9, 9, 9, 9], 4)
wellMade.set([8, 8, 8, 8], 30)
const messageType = (reply: Buffer): number => { const at = reply.indexOf(Buffer.from([53, 1]), 240); return reply[at + 2] ?? 0 }

describe('DHCP', () => {
  it.each<[string, Buffer, 'offer' | 'nothing']>([
    ['an ordinary DISCOVER through a relay', discover([end]), 'offer'],
    ['option 61 of no bytes', discover([61, 0, end]), 'offer'],
    ['option 61 of 255 bytes', discover([61, 255, ...Array.from({ length: 255 }, (_, n) => n), end]), 'offer'],
    ['hlen 0', discover([end], { hardwareLength: 0 }), 'nothing'],
    ['hlen 17', discover([end], { hardwareLength: 17 }), 'nothing'],
    ['overload into a file field that never ends', discover([52, 1, 1, end], { file: Array.from({ length: 128 }, () => 12) }), 'nothing'],
    ['overload into a good file field', discover([52, 1, 1, end], { file: [12, 2, 97, 98, end] }), 'offer'],
    ['an option 82 that is cut off', discover([82, 20, 1, 4, 1, 2]), 'nothing'],
    ['an option 82 with a suboption that overruns', discover([82, 3, 1, 9, 1, end]), 'nothing'],
    ['100 options', discover([...Array.from({ length: 100 }, (_, n) => [128 + n, 1, n]).flat(), end]), 'offer'],
    ['no end option', discover([]), 'offer'],
    ['a wrong magic cookie', discover([end], { cookie: [1, 2, 3, 4] }), 'nothing'],
  ])('%s: %#', (_, packet, wanted) => {
    const replies = exchange(67, 67, [packet])
    // A server that looks for others asks too.
    expect(replies.filter((reply) => reply[0] === 2).map(messageType)).toEqual(wanted === 'offer' ? [2] : [])
  })

  // What they would get goes to addresses that are not here: only the count shows that nothing is sent.
  const renew = discover([end], { relayAddress: '0.0.0.0', clientAddress: '192.0.2.9' })
  renew[242] = 3
  it.each<[string, Buffer, string]>([
    ['a DISCOVER through a relay whose address is on no network of ours', discover([end], { relayAddress: '192.0.2.1' }), 'relay-unknown'],
    ['a REQUEST by unicast from an address of no network', renew, 'unknown-client'],
  ])('drops and counts %s', async (_, packet, reason) => {
    const dropped = async (): Promise<number> => Number(new RegExp(`^systemcloud_dropped_total\\{receiver="dhcp",reason="${reason}"\\} (\\d+)`, 'm').exec(await world.control.text('/metrics'))?.[1] ?? 0)
    expect(await dropped()).toBe(0)
    expect(exchange(67, 1068, [packet])).toEqual([])
    // Netboot tells of a first one of its kind within a second.
    for (const until = Date.now() + 30_000; (await dropped()) === 0 && Date.now() < until;) await wait(200)
    expect(await dropped()).toBe(1)
  })
})

const request = (name: string | Uint8Array, ...options: string[]): Buffer => Buffer.concat([Buffer.from([0, 1]), Buffer.from(name), Buffer.from(`\0octet\0${options.map((text) => `${text}\0`).join('')}`)])
const kinds: Readonly<Record<number, string>> = { 3: 'data', 5: 'error', 6: 'options' }

describe('TFTP', () => {
  it.each<[string, Buffer, string]>([
    ['an ordinary read', request('autoexec.ipxe'), 'data'],
    ['a request without a NUL', Buffer.from('\0\u0001autoexec.ipxe'), 'nothing'],
    ['blksize 0', request('autoexec.ipxe', 'blksize', '0'), 'data'],
    ['blksize 7', request('autoexec.ipxe', 'blksize', '7'), 'data'],
    ['blksize 65465', request('autoexec.ipxe', 'blksize', '65465'), 'options'],
    ['windowsize 0', request('autoexec.ipxe', 'windowsize', '0'), 'data'],
    ['100 options in 512 bytes', request('autoexec.ipxe', ...Array.from({ length: 100 }, (_, n) => [n.toString(36), '1']).flat()), 'data'],
    ['100 options in more than the 512 bytes that a request may have', request('autoexec.ipxe', ...Array.from({ length: 100 }, (_, n) => [`option${n}`, '1']).flat()), 'nothing'],
    ['windowsize 65536', request('autoexec.ipxe', 'windowsize', '65536'), 'data'],
    ['a name of 10 KB', request('a'.repeat(10_000)), 'nothing'],
    ['a path that climbs', request('../../../../etc/passwd'), 'error'],
    ['a path that climbs, encoded', request('%2e%2e/%2e%2e/etc/passwd'), 'error'],
    ['an absolute path', request('/etc/passwd'), 'error'],
    ['a name through a symbolic link', request('proc/self/root/etc/passwd'), 'error'],
    ['a symbolic link beside the loaders', request('link'), 'error'],
    ['a symbolic link by its folder', request('loaders-0123456789abcdef/link'), 'error'],
    ['a NUL in the name', request(Buffer.from('autoexec.ipxe\0/etc/passwd')), 'error'],
    ['a write', Buffer.concat([Buffer.from([0, 2]), Buffer.from('x\0octet\0')]), 'error'],
  ])('%s', (_, packet, wanted) => {
    const [first] = exchange(69, 0, [packet])
    expect(first === undefined ? 'nothing' : kinds[first.readUInt16BE(0)]).toBe(wanted)
    expect(first?.toString('latin1') ?? '').not.toContain('root:')
  })
})

/** What curl gets in the clients' namespace: status and body. */
function curl(url: string, ...more: string[]): { status: number; body: string } {
  const text = execFileSync('ip', ['netns', 'exec', world.clientSpace, 'curl', '-sSk', '--path-as-is', '-m', '10', '-w', '\n%{http_code}', ...more, url], { input: '' }).toString()
  const cut = text.lastIndexOf('\n')
  return { status: Number(text.slice(cut + 1)), body: text.slice(0, cut) }
}

describe('HTTP', () => {
  it.each(['/files/../../../etc/passwd', '/files/%2e%2e/%2e%2e/etc/passwd', '/chunks/..%2f..%2fetc%2fpasswd', '/files/%00', '//files//..//x', '/files/link', `/chunks/${linkedDigest}`, `/files/${'a'.repeat(6000)}`, `/files/${'a'.repeat(10_240)}`])('gives nothing for %.70s', (route) => {
    const { status, body } = curl(`http://${server}${route}`)
    expect([400, 404, 431]).toContain(status)
    expect(body).not.toContain('root:')
  })

  it('refuses a body that is too large', () => {
    const big = `Content-Length: ${600 * 1024}`
    expect(curl(`https://${server}:${world.control.machinePort}/ramdisk/52:54:00:00:00:01/facts`, '-X', 'POST', '-H', big, '-H', 'Expect:', '-H', `Authorization: Bearer ${'ab'.repeat(32)}`, '--data', 'x').status).toBe(413)
  })

  it('refuses an inventory that makes no sense, in words', () => {
    const answer = curl(`https://${server}:${world.control.machinePort}/ramdisk/52:54:00:00:00:01/facts`, '-X', 'POST', '-H', `Authorization: Bearer ${'ab'.repeat(32)}`, '--data-binary', 'disk.size\tnone\nno tab at all\n')
    expect(answer).toMatchObject({ status: 400, body: 'Line 1 of the facts: disk.size must follow a "disk" line.\n' })
  })

  it('answers others at once while hundreds of clients send a byte now and then', async () => {
    const program = "const net=require('node:net');let open=0;const all=process.argv.slice(1).flatMap(p=>Array.from({length:300},()=>{const s=net.connect(Number(p),'10.78.0.1',()=>{open+=1;s.write('POST /log/x HTTP/1.1\\r\\nHost: x\\r\\n');if(open===900)console.log('open')});s.on('error',()=>{});return s}));setInterval(()=>{for(const s of all)if(s.writable)s.write('a')},500)"
    const slow = spawn('ip', ['netns', 'exec', world.clientSpace, process.execPath, '-e', program, '80', String(world.control.machinePort), String(world.control.operatorPort)])
    await new Promise((resolve) => { slow.stdout.once('data', resolve) })
    expect(curl(`http://${server}/boot.ipxe`).status).toBe(200)
    expect(curl(`https://${server}:${world.control.operatorPort}/healthz`).status).toBe(200)
    expect(curl(`https://${server}:${world.control.machinePort}/agent/target`).status).toBe(401)
    await world.dora(5, 5)
    slow.kill('SIGKILL')
  })
})

describe('operators', () => {
  /** An entry is a file's name and text, or a link's name, its kind and its target. */
  type Entry = readonly [name: string, text: string, target?: undefined] | readonly [name: string, type: 'symlink' | 'link', target: string]
  const tar = async (...entries: readonly Entry[]): Promise<Buffer> => {
    const archive = pack()
    for (const [name, what, target] of entries) {
      if (target === undefined) archive.entry({ name }, what)
      else archive.entry({ name, type: what, linkname: target })
    }
    archive.finalize()
    return buffer(archive)
  }

  it('are told of an unknown role and an unknown machine', async () => {
    expect((await world.control.api('PUT', 'machines/nobody/role', { role: 'manager' })).status).toBe(404)
    const token = 'cd'.repeat(32)
    const facts = ['firmware\tbios', 'secureboot\t0', 'kernel\t6', 'cpu.model\tX', 'cpu.count\t1', 'cpu.arch\tx86_64', 'mem.kb\t2000000', 'bootif\t52:54:00:00:00:44', 'disk\tvda', 'disk.size\t41943040', 'disk.serial\tS1', 'nic\teth0', 'nic.mac\t52:54:00:00:00:44', ''].join('\n')
    expect(curl(`https://${server}:${world.control.machinePort}/ramdisk/52:54:00:00:00:44/facts`, '-X', 'POST', '-H', `Authorization: Bearer ${token}`, '--data-binary', facts).status).toBe(204)
    const answer = await world.control.api('PUT', 'machines/52:54:00:00:00:44/role', { role: 'emperor' })
    expect(answer.status).toBe(409)
    expect((answer.value as { detail: string }).detail).toContain('emperor')
    expect((await world.control.machine('52:54:00:00:00:44'))?.role).toBeNull()
  })

  const yaml = ['app.yaml', 'runtime: python3\n'] as const
  it.each<[string, readonly Entry[], RegExp]>([
    ['no app.yaml', [['main.py', '']], /app\.yaml/],
    ['an app.yaml that is no YAML', [['app.yaml', 'runtime: [python3\n\t:']], /app\.yaml line \d+/],
    ['a wrong app.yaml, by line', [['app.yaml', 'service: a\nruntime: cobol\n']], /app\.yaml line 2: runtime .*cobol/],
    ['a symbolic link out of the folder', [yaml, ['secrets', 'symlink', '../../etc/shadow']], /outside the app's folder/],
    ['a hard link', [yaml, ['secrets', 'link', '/etc/shadow']], /files, folders and symbolic links only/],
    ['a file behind a symbolic link', [yaml, ['d', 'symlink', 'e'], ['d/f', 'x']], /behind a symbolic link/],
    ['a path that climbs out of the folder', [yaml, ['../../etc/cron.d/x', '* * * * * root true\n']], /\.\./],
    ['an absolute path', [yaml, ['/etc/cron.d/x', 'x']], /\/etc\/cron\.d\/x/],
  ])('get a clear error for %s', async (_, entries, words) => {
    const { status, text } = await world.control.upload('apps', await tar(...entries))
    expect(text).toMatch(words)
    expect(status).toBe(422)
  })
})
