import { scriptOf } from '../sessions.ts'
import { defineRule } from './rule.ts'

/** There is nothing to boot yet: it asks again by itself. */
export const ramdiskNotBuilt = defineRule({
  id: 'ramdisk-not-built', title: 'The ramdisk is not built yet',
  look({ session, context }) {
    const script = scriptOf(session)
    if (script?.decision !== 'wait' || !/not built/.test(script.why) || (context.hasFile('vmlinuz') && context.hasFile('initrd.img'))) return undefined
    return { severity: 'info', evidence: [script], happened: 'The ramdisk is still being built: the machine waits at its boot script.', todo: 'Nothing: it asks every few seconds and boots as soon as the ramdisk is there (page Images).' }
  },
})
