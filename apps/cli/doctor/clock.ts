import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { advice, broken, fine, type Check, type Finding } from './check.ts'

const releasedAt = Date.UTC(2026, 0, 1)

/** Judges the time and what is known of its synchronisation; undefined where nobody knows. */
export function judgeClock(nowMs: number, synchronised: boolean | undefined): Finding {
  const text = new Date(nowMs).toISOString().replace(/\.\d+/, '')
  if (nowMs < releasedAt) return broken(`${text} is before this version was made`, 'set the clock: certificates and leases hang on it')
  if (synchronised === true) return fine(`${text}, synchronised`)
  return advice(`${text}, ${synchronised === false ? 'not synchronised' : 'synchronisation unknown'}`, 'install chrony or switch systemd-timesyncd on: the machines take their time from here')
}

/** Machines take their time from the appliance, and certificates are only as good as its clock. */
export const clock: Check = {
  id: 'clock', title: 'Clock',
  async run() {
    let synchronised: boolean | undefined
    try {
      const { stdout } = await promisify(execFile)('timedatectl', ['show', '--property=NTPSynchronized', '--value'], { timeout: 3000 })
      synchronised = stdout.trim() === 'yes'
    } catch (error) {
      // Without systemd nobody knows, which the finding says.
      if (!(error instanceof Error)) throw error
    }
    return judgeClock(Date.now(), synchronised)
  },
}
