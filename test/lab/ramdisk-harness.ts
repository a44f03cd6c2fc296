import { execFileSync, spawn } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import https from 'node:https'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { findBuild, readImageManifest, renderChunkList } from '#images/build/manifest'
import { buildCaCpio } from '#images/ramdisk/cpio'

/**
 * Boots the built ramdisk in QEMU against a server of its own and takes it through a whole deploy, then boots the written disk:
 * `tsx test/lab/ramdisk-harness.ts --data DIR --firmware bios|uefi [--facts-only]`. Needs no root; prints times; exits 1 where it fails.
 */
const { values } = parseArgs({ options: { data: { type: 'string' }, firmware: { type: 'string', default: 'bios' }, image: { type: 'string', default: 'debian-13' }, 'facts-only': { type: 'boolean', default: false }, work: { type: 'string', default: '/tmp/ramdisk-harness' } } })
const dataDir = values.data ?? '/var/lib/system-cloud'
const work = path.join(values.work, values.firmware)
rmSync(work, { recursive: true, force: true })
mkdirSync(work, { recursive: true })

const ramdisk = findBuild(dataDir, 'ramdisk')
const image = findBuild(dataDir, values.image) ?? ''
if (ramdisk === undefined || (image === '' && !values['facts-only'])) throw new Error('build the ramdisk and the image first')
const uuid = '7b0d1c9e-4a5f-4d1b-9f7e-2f6a5c3e1d10'
const openssl = (...args: string[]): void => void execFileSync('openssl', args, { cwd: work, stdio: 'pipe' })
openssl('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', 'ca.key', '-out', 'ca.pem', '-days', '30', '-subj', '/CN=Harness CA')
openssl('req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', 'server.key', '-out', 'server.csr', '-subj', '/CN=10.0.2.2')
writeFileSync(path.join(work, 'san'), 'subjectAltName=IP:10.0.2.2')
openssl('x509', '-req', '-in', 'server.csr', '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-out', 'server.pem', '-days', '30', '-extfile', 'san')

let begun = Date.now()
const say = (text: string): void => console.log(`${((Date.now() - begun) / 1000).toFixed(1).padStart(6)} s  ${text}`)
let facts = ''
let agentSeen: (() => void) | undefined
const finished = new Promise<void>((resolve) => { agentSeen = resolve })
const order = (fields: Record<string, string>): string => Object.entries(fields).map(([key, value]) => `${key}=${value}\n`).join('')
const disk = (): Record<string, string> => ({ disk: 'serial:HARNESS-D', name: 'vda', sizeSectors: String(20 * 2 ** 21), serial: 'HARNESS-D', wwn: '' })
const orders = values['facts-only'] ? [{ kind: 'poweroff' }] : [
  { kind: 'partitionDisk', ...disk(), disk: 'serial:NOT-THERE' },
  { kind: 'partitionDisk', ...disk(), keepData: '0' },
  { kind: 'writeImage', ...disk(), image: values.image, rootUuid: uuid },
  { kind: 'configureSystem', ...disk(), rootUuid: uuid },
  { kind: 'bootDisk', efi: values.firmware === 'uefi' ? '1' : '0' },
].map((one) => ({ generation: '1', ...one }))
let at = 0

const plain = http.createServer((request, response) => {
  const url = request.url ?? ''
  if (url.startsWith('/log/')) {
    request.on('data', (bytes: Buffer) => {
      for (const line of bytes.toString().split('\n')) if (line !== '' && (line[1] === 'r' || line[0] === 'e')) say(`log ${line}`)
    })
    request.on('end', () => response.writeHead(204).end())
    return
  }
  if (url.startsWith('/chunks/') && /^\/chunks\/[0-9a-f]{64}$/.test(url)) return void response.end(readFileSync(path.join(image, url)))
  if (url === '/agent') { say('the installed system answers'); agentSeen?.() }
  response.writeHead(204).end()
})
const tls = https.createServer({ key: readFileSync(path.join(work, 'server.key')), cert: readFileSync(path.join(work, 'server.pem')) }, (request, response) => {
  const chunks: Buffer[] = []
  request.on('data', (bytes: Buffer) => chunks.push(bytes))
  request.on('end', () => {
    const url = request.url ?? ''
    const body = Buffer.concat(chunks).toString()
    if (!/^Bearer [0-9a-f]{64}$/.test(request.headers.authorization ?? '')) return void response.writeHead(401).end()
    if (url.endsWith('/facts')) { if (facts === '') { facts = body; say('FACTS'); console.log(body) } else say('facts again'); return void response.writeHead(204).end() }
    const current = orders[at]
    if (url.endsWith('/order')) return void (current ? response.end(order({ id: `o${at}`, ...(current as Record<string, string>) })) : setTimeout(() => response.writeHead(204).end(), 5000))
    if (url.endsWith('/chunks')) return void response.end(renderChunkList(readImageManifest(image)))
    if (url.endsWith('/files.tar')) return void response.end(readFileSync(path.join(work, 'files.tar')))
    if (url.includes('/orders/')) {
      say(`${current?.kind}: ${body.trim().replaceAll('\n', ' ')}`)
      if (/^status=(done|failed)/m.test(body)) {
        if (/^status=failed/m.test(body) && at > 0) process.exitCode = 1
        at += 1
      }
      return void response.writeHead(204).end()
    }
    response.writeHead(404).end()
  })
})
plain.listen(0, '127.0.0.1')
tls.listen(0, '127.0.0.1')
await new Promise((resolve) => tls.once('listening', resolve))
const port = (server: http.Server | https.Server): number => (server.address() as AddressInfo).port

mkdirSync(path.join(work, 'files/usr/lib/system-cloud'), { recursive: true })
mkdirSync(path.join(work, 'files/etc/system-cloud'), { recursive: true })
writeFileSync(path.join(work, 'files/etc/hostname'), 'harness\n')
writeFileSync(path.join(work, 'files/etc/system-cloud/agent.json'), '{}')
writeFileSync(path.join(work, 'files/usr/lib/system-cloud/agent.mjs'), `import { execSync } from 'node:child_process'\nimport { writeFileSync } from 'node:fs'\nconst run = (c) => { try { return execSync(c).toString() } catch (e) { return String(e) } }\nfor (;;) { try { await fetch('http://10.0.2.2:${port(plain)}/agent'); break } catch { await new Promise((r) => setTimeout(r, 500)) } }\nwriteFileSync('/dev/ttyS0', run('df -h / /srv /boot/efi; systemctl --failed --no-legend; uptime; cat /etc/fstab; systemd-analyze; systemd-analyze blame | head -15; systemctl start docker; docker info 2>&1 | tail -5; free -m').replaceAll('\\n', '\\r\\n'))\nwriteFileSync('/dev/ttyS0', 'HARNESS END\\r\\n')\n`)
execFileSync('tar', ['-c', '-f', path.join(work, 'files.tar'), '--owner=0', '--group=0', '-C', path.join(work, 'files'), '.'])

const initrd = path.join(work, 'initrd')
writeFileSync(initrd, Buffer.concat([pad4(readFileSync(path.join(ramdisk, 'initrd.img'))), buildCaCpio(readFileSync(path.join(work, 'ca.pem'), 'utf8'))]))
writeFileSync(path.join(work, 'disk.raw'), '')
truncateSync(path.join(work, 'disk.raw'), 20 * 1024 ** 3)
if (existsSync('/usr/share/OVMF/OVMF_VARS_4M.fd')) copyFileSync('/usr/share/OVMF/OVMF_VARS_4M.fd', path.join(work, 'vars.fd'))

function qemu(extra: string[], log: string): Promise<void> {
  begun = Date.now()
  const child = spawn('qemu-system-x86_64', [
    '-machine', 'q35', '-accel', 'tcg,thread=multi,tb-size=256', '-cpu', 'Nehalem,cx16=off', '-smp', '1', '-m', '2048', '-nodefaults', '-display', 'none', '-vga', 'none', '-no-reboot',
    '-smbios', 'type=1,manufacturer=System Cloud,product=Harness,serial=HARNESS-1', '-drive', `if=none,id=disk0,format=raw,cache=unsafe,discard=unmap,file=${path.join(work, 'disk.raw')}`,
    '-device', 'virtio-blk-pci,drive=disk0,serial=HARNESS-D', '-netdev', 'user,id=net0', '-device', 'virtio-net-pci,netdev=net0,mac=52:54:00:99:00:01,romfile=', '-device', 'virtio-rng-pci', '-serial', `file:${path.join(work, log)}`,
    ...(values.firmware === 'uefi' ? ['-drive', 'if=pflash,format=raw,unit=0,readonly=on,file=/usr/share/OVMF/OVMF_CODE_4M.fd', '-drive', `if=pflash,format=raw,unit=1,file=${path.join(work, 'vars.fd')}`] : []), ...extra,
  ], { stdio: ['ignore', 'inherit', 'inherit'] })
  const limit = setTimeout(() => { say('time is up'); process.exitCode = 1; child.kill() }, 240_000)
  void finished.then(() => setTimeout(() => child.kill(), 60_000))
  return new Promise((resolve) => child.once('close', () => { clearTimeout(limit); resolve() }))
}

await qemu(['-kernel', path.join(ramdisk, 'vmlinuz'), '-initrd', initrd, '-append', `console=ttyS0 net.ifnames=0 BOOTIF=01-52-54-00-99-00-01 sc.url=http://10.0.2.2:${port(plain)} sc.tls=https://10.0.2.2:${port(tls)}`], 'ramdisk.log')
say('the ramdisk has left')
if (!values['facts-only']) {
  await qemu([], 'disk.log')
  console.log(readFileSync(path.join(work, 'disk.log'), 'latin1').slice(-6000))
}
process.exit()

function pad4(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)])
}
