import Database from 'better-sqlite3'
import path from 'node:path'
import { openApplianceWorld } from '../sim/appliance-world.ts'
import { seededRandom } from '../sim/random.ts'

/** What became of the leases over all rounds. */
export interface KillRounds {
  readonly rounds: number
  /** Clients that got an ACK. */
  readonly acked: number
  /** ACKs whose lease was not in the database after the kill, as `mac address`. */
  readonly lost: string[]
  /** Addresses that two clients were given, as `address mac mac`. */
  readonly duplicates: string[]
  readonly naks: number
}

/**
 * Kills control with SIGKILL in the middle of commits, again and again, while clients ask for addresses, and compares each time what was
 * promised on the wire with what the database has. Needs root.
 */
export async function killRounds(plan: { rounds: number; clientsPerRound?: number; seed?: number; onRound?(round: number, acked: number): void }): Promise<KillRounds> {
  const perRound = plan.clientsPerRound ?? 100
  const random = seededRandom(plan.seed ?? 1)
  const world = await openApplianceWorld('kr')
  const lost = new Set<string>()
  const duplicates = new Set<string>()
  const owners = new Map<string, string>()
  let compared = 0
  const compare = (): void => {
    const db = new Database(path.join(world.control.home, 'data/state/hot.db'), { fileMustExist: true })
    const stored = new Map((db.prepare("SELECT address, mac FROM leases WHERE state = 'bound'").all() as { address: string; mac: string }[]).map((row) => [row.address, row.mac]))
    db.close()
    for (const { mac, address } of world.acks) if (stored.get(address) !== mac) lost.add(`${mac} ${address}`)
    for (; compared < world.acks.length; compared += 1) {
      const { mac, address } = world.acks[compared] as { mac: string; address: string }
      const owner = owners.get(address)
      if (owner !== undefined && owner !== mac) duplicates.add(`${address} ${owner} ${mac}`)
      owners.set(address, mac)
    }
  }
  try {
    for (let round = 1; round <= plan.rounds; round += 1) {
      await world.control.start()
      world.beginDora(perRound, 64)
      await world.acked(world.acks.length + 1 + Math.floor(random() * (perRound - 1)), 120_000)
      await world.control.kill()
      await world.forget()
      compare()
      plan.onRound?.(round, world.acks.length)
    }
    return { rounds: plan.rounds, acked: world.acks.length, lost: [...lost], duplicates: [...duplicates], naks: world.naks.length }
  } finally {
    await world.close()
  }
}
