import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { defineScene, type Scene } from './scene.ts'
import { appliance } from './world.ts'

/** What goes wrong in the ramdisk, said by clients in its place. */
export const ramdiskScenes: readonly Scene[] = [
  defineScene({
    name: 'ramdisk-mute', about: 'The ramdisk has its address and its log; its facts never come.', origin: 'simulator', says: [['ramdisk-mute']], lookAfterSeconds: 92,
    async play(world) {
      const client = world.client()
      await client.toRamdisk()
      world.deafen(`tcp dport ${world.control.machinePort}`)
      const facts = client.inventory()
      await wait(3000)
      void facts
      return client.mac
    },
  }),
  defineScene({
    name: 'kernel-panic', about: 'A datagram of netconsole tells the first line of a panic.', origin: 'simulator', says: [['kernel-panic']],
    async play(world) {
      const client = world.client()
      await client.toRamdisk()
      await client.lease('system')
      const line = path.join(world.folder, 'panic')
      writeFileSync(line, '0,1234,5678901,-;Kernel panic - not syncing: Attempted to kill init! exitcode=0x0000000b\n')
      await client.run(['socat', '-u', `OPEN:${line}`, `UDP:${appliance.address}:6666`], { seconds: 5 })
      await world.heard(client.mac, 'kernel.died')
      return client.mac
    },
  }),
  defineScene({
    name: 'too-little-memory', about: 'The ramdisk says that the machine has 512 MB.', origin: 'simulator', says: [['too-little-memory']],
    async play(world) {
      const client = world.client()
      await client.toRamdisk()
      await client.inventory({ facts: client.facts().replace('mem.kb\t2000000', 'mem.kb\t500000') })
      return client.mac
    },
  }),
  defineScene({
    name: 'no-disk', about: 'The ramdisk lists no disk.', origin: 'simulator', says: [['no-disk']],
    async play(world) {
      const client = world.client()
      await client.toRamdisk()
      await client.inventory({ facts: client.facts().replaceAll(/^disk.*\n/gm, '') })
      return client.mac
    },
  }),
  defineScene({
    name: 'clock-skew', about: 'The ramdisk’s log says that the appliance’s certificate is not yet valid.', origin: 'simulator', says: [['clock-skew']], lookAfterSeconds: 2,
    async play(world) {
      const client = world.client()
      await client.toRamdisk()
      await client.lease('system')
      await client.run(['curl', '-sS', '-X', 'POST', '--data-binary', 'ik Linux version 6.12.0\nwr curl: (60) SSL certificate problem: certificate is not yet valid\n', `http://${appliance.address}/log/${client.mac.replaceAll(':', '-')}`])
      await world.heard(client.mac, 'kernel.alarmed')
      return client.mac
    },
  }),
  defineScene({
    name: 'claim-held', about: 'A second machine posts the UUID of one whose ramdisk lives.', origin: 'simulator', says: [['claim-held']],
    async play(world) {
      const [first, second] = [world.client(), world.client()]
      await first.toRamdisk()
      await first.inventory()
      await second.toRamdisk()
      const status = await second.inventory({ facts: second.facts().replaceAll(second.uuid, first.uuid) })
      if (status !== 409) throw new Error(`the second machine’s facts were answered ${status}`)
      return second.mac
    },
  }),
]
