import { setTimeout as wait } from 'node:timers/promises'
import { until, type Executor } from './step.ts'

const kickAgainMs = 6 * 60_000
/** A server that was woken takes minutes before its firmware asks for an address. */
const wakeMs = 3 * 60_000
/** A system that was told to restart is in the ramdisk within this time, or will not be. */
const agentMs = 4 * 60_000

/**
 * Brings the machine into the ramdisk: nothing to do where one lives already (it asks at least every 25 s). Else the machine is
 * restarted by its power driver, else by its own agent, else by a person.
 */
export const bootRamdisk: Executor = async (run, world) => {
  const { id } = run.machine()
  const grace = world.now() + 3000
  const lives = (): boolean => world.sessions.liveSince(id) !== undefined
  while (!lives() && world.now() < grace) await wait(200, undefined, { signal: run.signal })
  let askedAgent = false
  try {
    while (!lives()) {
      const session = world.power(run.machine())
      if (session.cycle !== undefined) {
        run.progress({ detail: 'restarting it by its power driver' })
        await session.cycle(run.signal)
      } else if (!askedAgent && world.agents.isAlive(id)) {
        askedAgent = true
        run.progress({ detail: 'its agent restarts it' })
        world.agents.changed()
        const patience = world.now() + agentMs
        await until(run, () => lives() || world.now() > patience)
        continue
      } else {
        if (session.on !== undefined) {
          run.progress({ detail: 'its power driver wakes it' })
          await session.on(run.signal)
          const patience = world.now() + wakeMs
          await until(run, () => lives() || world.now() > patience)
          if (lives()) break
        }
        run.progress({ detail: 'waiting for a restart' })
        world.attention(id, session.askPerson?.cycle ?? 'Restart the machine')
      }
      const deadline = world.now() + kickAgainMs
      await until(run, () => lives() || world.now() > deadline)
    }
  } finally {
    world.attention(id, null)
  }
}
