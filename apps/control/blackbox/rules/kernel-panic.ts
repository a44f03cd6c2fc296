import type { Moment } from '../moment.ts'
import { defineRule } from './rule.ts'

type Kernel = Moment & { kind: 'kernel' }

/** Its kernel says that it stops. */
export const kernelPanic = defineRule({
  id: 'kernel-panic', title: 'Its kernel stopped', behind: ['too-little-memory'],
  look({ session }) {
    const died = session.moments.filter((moment): moment is Kernel => moment.kind === 'kernel' && moment.sign === 'died')
    const [first] = died
    if (first === undefined) return undefined
    return {
      severity: 'error', evidence: died, happened: `The kernel of the ramdisk stopped: ${first.text}`,
      todo: /mount root|no working init|init not found/i.test(first.text) ? 'Build the ramdisk again (page Images): the kernel found no system in it.'
        : 'Try it once more with its firmware updated; where it stops at the same place, give its log (page of the machine, Boot log) to whoever looks after the kernel. Kernel arguments for its kind can be set in the appliance’s configuration.',
    }
  },
})
