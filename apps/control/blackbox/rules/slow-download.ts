import { httpOf } from '../sessions.ts'
import { defineRule, span } from './rule.ts'

const slowBytesPerSecond = 1_500_000
const slowMs = 20_000

/** Kernel or ramdisk take far longer than a healthy gigabit, or even a 100 Mbit/s, link needs. */
export const slowDownload = defineRule({
  id: 'slow-download', title: 'The ramdisk comes slowly',
  look({ session }) {
    const slow = httpOf(session).find(({ end, bytes, endMs, atMs, path }) => end === 'done' && /vmlinuz|initrd/.test(path) && endMs - atMs > slowMs && bytes / ((endMs - atMs) / 1000) < slowBytesPerSecond)
    if (slow === undefined) return undefined
    return {
      severity: 'warn', evidence: [slow], happened: `The file ${slow.path.split('/').at(-1) ?? ''} took ${span(slow.endMs - slow.atMs)} for ${(slow.bytes / 1e6).toFixed(0)} MB.`,
      todo: 'Look at the speed and the error counters of its switch port (10 or 100 Mbit/s, wrong duplex, a bad cable); many machines that boot at once share the appliance’s link.',
    }
  },
})
