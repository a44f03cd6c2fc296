import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { buildImage, makeHome } from './appliance.ts'
import { diskFields, RamdiskWorld, worldUuid, type WorldDisk } from './ramdisk-world.ts'

const isFull = process.env['SYSTEM_CLOUD_TEST_FULL'] === '1'
if (!isFull) console.log('copies of the image: skipped, a part of the full run')

/** What an installed copy says of itself. */
interface Identity { machineId: string; hostKeys: string[]; cluster: string; kept: string; root: string; database: string }

/** In the agent's place: tells who this copy is, and leaves a note on the data partition. */
const teller = (url: string): string => `
import { execFileSync } from 'node:child_process'
import { readFileSync, readdirSync, existsSync, writeFileSync } from 'node:fs'
const run = (...words) => { try { return execFileSync(words[0], words.slice(1)).toString().trim() } catch (error) { return String(error) } }
while (!existsSync('/etc/system-cloud/first-boot-done') || run('systemctl', 'is-active', 'srv.mount') !== 'active') await new Promise((resolve) => setTimeout(resolve, 500))
const control = run('/usr/lib/postgresql/17/bin/pg_controldata', '/var/lib/postgresql/17/main')
run('systemctl', 'start', 'postgresql@17-main.service')
const body = JSON.stringify({
  machineId: readFileSync('/etc/machine-id', 'utf8').trim(), hostKeys: readdirSync('/etc/ssh').filter((name) => name.endsWith('.pub')).map((name) => readFileSync('/etc/ssh/' + name, 'utf8').split(' ')[1]),
  cluster: /system identifier: +(\\d+)/.exec(control)?.[1] ?? control, kept: existsSync('/srv/kept') ? readFileSync('/srv/kept', 'utf8') : '', root: run('findmnt', '-no', 'UUID', '/'),
  database: run('runuser', '-u', 'postgres', '--', 'psql', '-Atc', 'select system_identifier::numeric + case when system_identifier < 0 then 18446744073709551616 else 0 end from pg_control_system()'),
})
if (!existsSync('/srv/kept')) writeFileSync('/srv/kept', 'since the first deploy')
execFileSync('sync')
for (;;) { try { await fetch('${url}/agent', { method: 'POST', body }); break } catch { await new Promise((resolve) => setTimeout(resolve, 500)) } }
`

describe.runIf(isFull)('copies of one image', () => {
  let home: ReturnType<typeof makeHome>
  let world: RamdiskWorld
  let disks: [WorldDisk, WorldDisk]
  let first: Identity

  /** Writes the image to a disk and lays this machine's files over it. */
  async function deploy(disk: WorldDisk, generation: number, uuid: string): Promise<void> {
    const inventory = await world.bootRamdisk(disks)
    const fields = { ...diskFields(inventory, disk.serial), generation, rootUuid: uuid }
    for (const [kind, more] of [['partitionDisk', { keepData: 1 }], ['writeImage', { image: 'debian-13' }], ['configureSystem', {}]] as const) expect(await world.order(kind, { ...fields, ...more }, 600)).toEqual({ status: 'done', detail: '' })
    await world.order('poweroff', { generation })
    await world.unplug()
  }
  /** systemd takes a virtual machine's machine-id from its UUID, so each copy is a machine of its own. */
  async function start(disk: WorldDisk, uuid: string): Promise<Identity> {
    world.bootDisk([disk], { uuid })
    const identity = JSON.parse(await world.post(420)) as Identity
    await world.unplug()
    return identity
  }

  beforeAll(async () => {
    home = makeHome('copies')
    world = await RamdiskWorld.open(buildImage(home.dataDir, 'ramdisk'))
    world.image = buildImage(home.dataDir, 'debian-13')
    const files = path.join(world.folder, 'files')
    for (const folder of ['usr/lib/system-cloud', 'etc/system-cloud']) mkdirSync(path.join(files, folder), { recursive: true })
    writeFileSync(path.join(files, 'etc/hostname'), 'copy\n')
    writeFileSync(path.join(files, 'etc/system-cloud/agent.json'), '{}')
    writeFileSync(path.join(files, 'usr/lib/system-cloud/agent.mjs'), teller(world.url))
    world.filesTar = execFileSync('tar', ['-c', '--owner=0', '--group=0', '-C', files, '.'], { maxBuffer: 64 * 1024 ** 2 })
    disks = [{ file: world.blank('a'), bus: 'virtio', serial: 'COPY-A' }, { file: world.blank('b'), bus: 'sata', serial: 'COPY-B' }]
  })
  afterAll(async () => {
    await world?.close()
    if (home !== undefined) rmSync(home.home, { recursive: true, force: true })
  })

  it('share neither machine-id, nor SSH host keys, nor the identity of their database', async () => {
    await deploy(disks[0], 1, '5c10ad00-0000-4000-8000-00000000000a')
    first = await start(disks[0], worldUuid)
    await deploy(disks[1], 1, '5c10ad00-0000-4000-8000-00000000000b')
    const second = await start(disks[1], '5c10ad00-0000-4000-8000-525400990002')
    for (const identity of [first, second]) {
      expect(identity.machineId).toMatch(/^[0-9a-f]{32}$/)
      expect(identity.hostKeys).toHaveLength(2)
      expect(identity.cluster).toMatch(/^\d+$/)
      expect(identity.database).toBe(identity.cluster)
    }
    const words = [first, second].flatMap((identity) => [identity.machineId, ...identity.hostKeys, identity.cluster])
    expect(new Set(words).size).toBe(words.length)
  })

  it('keep what is on /srv over a redeploy, with new keys and a new database', async () => {
    expect(first.kept).toBe('')
    await deploy(disks[0], 2, '5c10ad00-0000-4000-8000-00000000000c')
    const again = await start(disks[0], worldUuid)
    expect(again.kept).toBe('since the first deploy')
    expect(again.root).toBe('5c10ad00-0000-4000-8000-00000000000c')
    expect(again.cluster).not.toBe(first.cluster)
    expect(again.hostKeys).not.toEqual(first.hostKeys)
  })
})
