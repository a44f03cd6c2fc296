import { spawn } from 'node:child_process'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { BootClient } from './client.ts'
import { defineScene, type Scene } from './scene.ts'
import { appliance, type BootWorld } from './world.ts'

/** A machine that is deployed up to the restart into its disk; `wake` lets its installed system speak, `end` lets it be silent. */
async function deployed(world: BootWorld): Promise<{ client: BootClient; wake(): void; end(): void }> {
  const client = world.client()
  await client.toRamdisk()
  await client.lease('system')
  const root = path.join(import.meta.dirname, '../..')
  const { address } = (await world.control.machine(client.mac)) ?? {}
  const plan = { mac: client.mac, uuid: client.uuid, serial: 'BOOT1', address, url: `https://${appliance.address}:${world.control.machinePort}`, ca: world.control.ca }
  const life = spawn('ip', ['netns', 'exec', client.space, process.execPath, '--import', 'tsx', path.join(root, 'test/boots/life.ts'), JSON.stringify(plan)], { cwd: root, stdio: ['pipe', 'pipe', 'inherit'] })
  const atDisk = new Promise<void>((resolve, reject) => {
    life.stdout.once('data', () => resolve())
    life.once('exit', (code) => reject(new Error(`the simulated machine ended with ${code}`)))
  })
  await world.control.until(client.mac, ({ phase }) => phase === 'discovered', 60_000)
  const assigned = await world.control.api('PUT', `machines/${client.mac}/role`, { role: 'manager' })
  if (assigned.status !== 200) throw new Error(JSON.stringify(assigned.value))
  await atDisk
  await world.control.until(client.mac, ({ phase }) => phase === 'starting', 60_000)
  return { client, wake: () => void life.stdin.write('go\n'), end: () => { atDisk.catch(() => undefined); life.stdin.end() } }
}

/** What goes wrong on the way into the disk. */
export const diskScenes: readonly Scene[] = [
  defineScene({
    name: 'healthy-disk', about: 'A machine is discovered, deployed, sent into its disk, and its system speaks.', origin: 'simulator', says: [[], []],
    async play(world) {
      const { client, wake, end } = await deployed(world)
      await client.toScript()
      wake()
      await world.heard(client.mac, 'agent.enrolled')
      end()
      return client.mac
    },
  }),
  defineScene({
    name: 'disk-not-booted', about: 'Deployed and sent into its disk, it comes back to the network boot without a word.', origin: 'simulator', says: [[], [], ['disk-not-booted']],
    async play(world) {
      const { client, end } = await deployed(world)
      end()
      await client.toScript()
      await wait(12_000)
      await client.toScript()
      return client.mac
    },
  }),
  defineScene({
    name: 'local-boot-failed', about: 'iPXE is told to start the disk and asks for its script again and again.', origin: 'simulator', says: [[], ['local-boot-failed']],
    async play(world) {
      const { client, end } = await deployed(world)
      end()
      await client.toScript()
      for (let again = 0; again < 2; again += 1) { await wait(5000); await client.script() }
      return client.mac
    },
  }),
  defineScene({
    name: 'held', about: 'It came back from its disk three times; when it is switched on again a quarter of an hour later, its script tells it to wait for a person.', origin: 'simulator', says: [[], [], ['disk-not-booted'], ['disk-not-booted'], ['held']],
    async play(world) {
      const { client, end } = await deployed(world)
      end()
      for (let boot = 0; boot < 3; boot += 1) { await client.toScript(); await wait(12_000) }
      await wait(10 * 60_000)
      await client.toScript()
      return client.mac
    },
  }),
]
