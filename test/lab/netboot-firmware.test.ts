import { execFileSync, spawn } from 'node:child_process'
import { copyFileSync, existsSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openNetbootWorld, type NetbootWorld } from '../flows/netboot-world.ts'

const loaders = { 'undionly.kpxe': '/usr/lib/ipxe/undionly.kpxe', 'snponly.efi': '/usr/lib/ipxe/snponly.efi' }
const ovmf = { code: '/usr/share/OVMF/OVMF_CODE_4M.fd', variables: '/usr/share/OVMF/OVMF_VARS_4M.fd' }
const qemu = '/usr/bin/qemu-system-x86_64'
const missing = [qemu, ...Object.values(loaders), ...Object.values(ovmf)].filter((file) => !existsSync(file))
const isFull = process.env['SYSTEM_CLOUD_TEST_FULL'] === '1'
if (!isFull) console.log('netboot firmware: skipped, a part of the full run')
else if (missing.length > 0) console.log(`netboot firmware: SKIPPED, there is no ${missing.join(', ')}`)

const noPxe = ['IPv4', 'IPv6'].flatMap((family) => ['-fw_cfg', `name=opt/org.tianocore/${family}PXESupport,string=n`])

describe.skipIf(!isFull || missing.length > 0)('netboot and real firmware', () => {
  let world: NetbootWorld
  beforeAll(async () => {
    world = await openNetbootWorld({ files: loaders })
    const ip = (...argv: string[]): void => { execFileSync('ip', ['-n', world.clientSpace, ...argv]) }
    ip('link', 'add', 'br0', 'type', 'bridge', 'forward_delay', '0', 'stp_state', '0')
    ip('tuntap', 'add', 'tap0', 'mode', 'tap')
    for (const port of ['eth0', 'tap0']) ip('link', 'set', port, 'master', 'br0')
    for (const link of ['tap0', 'br0']) ip('link', 'set', link, 'up')
  })
  afterAll(async () => { await world?.close() })

  it.each([
    ['SeaBIOS, iPXE ROM', '52:54:00:77:01:01', 'pcbios', false, '', []],
    ['OVMF, iPXE ROM', '52:54:00:77:01:02', 'efi', true, '', []],
    ['OVMF, its own PXE, TFTP', '52:54:00:77:01:03', 'efi', true, ',romfile=', []],
    ['OVMF, HTTP Boot', '52:54:00:77:01:04', 'efi', true, ',romfile=', noPxe],
  ] as const)('%s reaches its boot script', async (title, mac, platform, isUefi, card, extra) => {
    const variables = path.join(world.folder, `${mac.replaceAll(':', '')}.fd`)
    if (isUefi) copyFileSync(ovmf.variables, variables)
    const began = performance.now()
    const machine = spawn('ip', ['netns', 'exec', world.clientSpace, qemu, '-machine', 'q35,accel=tcg', '-cpu', 'Nehalem,cx16=off', '-smp', '1', '-m', '512', '-display', 'none', '-serial', 'null',
      ...(isUefi ? ['-drive', `if=pflash,format=raw,readonly=on,file=${ovmf.code}`, '-drive', `if=pflash,format=raw,file=${variables}`] : []),
      '-netdev', 'tap,id=n0,ifname=tap0,script=no,downscript=no', '-device', `virtio-net-pci,netdev=n0,mac=${mac},bootindex=0${card}`, ...extra], { stdio: 'ignore' })
    try {
      const script = await world.event('script.rendered', (event) => event.mac === mac, 180)
      console.log(`${title}: boot script after ${((performance.now() - began) / 1000).toFixed(1)} s`)
      expect(script.client.platform).toBe(platform)
    } finally {
      const ended = new Promise((resolve) => { machine.once('exit', resolve) })
      machine.kill('SIGKILL')
      await ended
    }
  })
})
