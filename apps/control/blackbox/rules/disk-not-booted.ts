import { diskSpoke, scriptOf } from '../sessions.ts'
import { defineRule, span } from './rule.ts'

const soonMs = 10 * 60_000

/** It was sent into its disk and came back to the network instead, without a word of its system. */
export const diskNotBooted = defineRule({
  id: 'disk-not-booted', title: 'It came back instead of starting from its disk', behind: ['local-boot-failed'],
  look({ session, index, sessions }) {
    let count = 0
    let at = index
    for (; at > 0; at -= 1) {
      const [before, after] = [sessions[at - 1], sessions[at]]
      const script = before && scriptOf(before)
      if (before === undefined || after === undefined || script?.decision !== 'localDisk' || after.startMs - script.atMs > soonMs || diskSpoke(before)) break
      count += 1
    }
    const before = sessions[index - 1]
    const script = before && scriptOf(before)
    if (count === 0 || script === undefined) return undefined
    return {
      severity: count > 1 ? 'error' : 'warn', evidence: session.moments.slice(0, 1),
      happened: `It was sent into its disk and came back to the network boot ${span(session.startMs - script.atMs)} later${count > 1 ? `, ${count} times in a row` : ''}.`,
      todo: 'Look at its screen while it starts from the disk. Look whether the firmware sees the disk and has it in its boot order, and choose another way into the disk for this kind of machine under Boot paths (page Settings).',
    }
  },
})
