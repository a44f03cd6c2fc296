import type { Moment } from '../moment.ts'
import { defineRule } from './rule.ts'

type Kernel = Moment & { kind: 'kernel' }
const leastBytes = 900 * 1024 ** 2

/** The ramdisk does not fit into its memory. */
export const tooLittleMemory = defineRule({
  id: 'too-little-memory', title: 'It has too little memory',
  look({ session, context: { machine } }) {
    const lines = session.moments.filter((moment): moment is Kernel => moment.kind === 'kernel' && /out of memory|oom-kill|initramfs unpacking failed|write error|system is deadlocked on memory/i.test(moment.text))
    const has = machine?.memoryBytes ?? null
    const isSmall = has !== null && has < leastBytes
    if (lines.length === 0 && !isSmall) return undefined
    return {
      severity: lines.length > 0 ? 'error' : 'warn', evidence: lines.length > 0 ? lines : session.moments.filter(({ kind }) => kind === 'inventory').slice(0, 1),
      happened: lines.length > 0 ? `Its memory was not enough for the ramdisk: ${lines[0]?.text ?? ''}` : `It has only ${Math.round((has ?? 0) / 1024 ** 2)} MiB of memory.`,
      todo: 'Give it at least 1 GiB of memory: kernel and ramdisk are unpacked there, and the image is written from there.',
    }
  },
})
