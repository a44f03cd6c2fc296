import { setTimeout as wait } from 'node:timers/promises'
import type { GuestPlan } from './guest.ts'
import { defineScene, type Scene } from './scene.ts'
import type { BootWorld } from './world.ts'

/** Other guests of this host may have the turn for long. */
const patienceSeconds = 300

const rom: GuestPlan = { firmware: 'bios', boots: 'ipxe' }

/** A machine that is switched on, and off again `seconds` after its first journal line of a kind. */
async function until(world: BootWorld, plan: GuestPlan, kind: string, seconds = 0, count = 1): Promise<string> {
  const guest = world.guest(plan)
  await guest.on()
  await world.heard(guest.mac, kind, count, patienceSeconds)
  await wait(seconds * 1000)
  await guest.off()
  return guest.mac
}

/** Real firmware, in QEMU. */
export const firmwareScenes: readonly Scene[] = [
  defineScene({
    name: 'offer-not-taken-ipxe', about: 'DHCP snooping drops every offer; iPXE of the card asks four times.', origin: 'firmware', says: [['offer-not-taken']],
    async play(world) { world.disturb('iifname app0 udp sport 67'); return until(world, rom, 'dhcp.offered', 1, 4) },
  }),
  defineScene({
    name: 'ramdisk-not-built-ipxe', about: 'The ramdisk is not built yet: iPXE of the card waits at its script.', origin: 'firmware', files: { loaders: 'built' }, says: [['ramdisk-not-built']],
    play: (world) => until(world, rom, 'script.rendered', 1),
  }),
]
