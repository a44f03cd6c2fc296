import { httpOf } from '../sessions.ts'
import { defineRule, span } from './rule.ts'

/** Slow machines, and emulated ones, unpack for more than a minute before their first packet. */
const patienceMs = 120_000

/** The ramdisk was fetched whole, and nothing of it was ever heard. */
export const ramdiskSilent = defineRule({
  id: 'ramdisk-silent', title: 'The ramdisk never spoke', behind: ['kernel-panic', 'too-little-memory'],
  look({ session, index, sessions, quietMs, context }) {
    const fetched = httpOf(session).findLast(({ path, end, method }) => method === 'GET' && end === 'done' && /initrd/.test(path))
    if (fetched === undefined || quietMs < patienceMs) return undefined
    if (session.moments.some((moment) => moment.atMs > fetched.atMs && (moment.kind === 'kernel' || moment.kind === 'inventory' || moment.kind === 'agent' || ((moment.kind === 'dhcp' || moment.kind === 'dhcp6') && moment.client === 'system')))) return undefined
    const next = sessions[index + 1]
    const memory = context.machine?.memoryBytes
    return {
      severity: 'error', evidence: [fetched],
      happened: `It fetched the ramdisk and was never heard of again${next === undefined ? '' : `, until its firmware began anew ${span(next.startMs - fetched.endMs)} later`}.`,
      todo: `Look at its screen or serial console: a kernel panic (it restarts after 30 s), ${memory == null || memory < 2 * 1024 ** 3 ? 'too little memory (it needs about 1 GiB), ' : ''}or no driver for its network card all look like this from here.`,
    }
  },
})
