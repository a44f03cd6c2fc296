import { askedBy, firmwareAnswers } from '../loader-way.ts'
import { defineRule } from './rule.ts'

const patienceMs = 90_000
const names = { tftp: 'PXE', http: 'HTTP Boot' } as const

/** Its firmware asked in the way that is left for its kind of hardware, and shall go on to its other boot entry. */
export const loaderLeft = defineRule({
  id: 'loader-left', title: 'It asked in a way that its kind does not boot by',
  look({ session, index, sessions, quietMs, context: { machine } }) {
    const way = askedBy(session)
    const answers = firmwareAnswers(session)
    if (way === undefined || machine?.loader == null || machine.loader === way || answers.length === 0 || answers.some(({ bootFile }) => bootFile !== '')) return undefined
    const next = sessions[index + 1]
    const wentOn = next !== undefined && askedBy(next) === machine.loader
    const isStuck = !wentOn && quietMs >= patienceMs
    return {
      severity: isStuck ? 'error' : 'info', evidence: answers.slice(0, 3),
      happened: `Its firmware asked by ${names[way]} and was given nothing to boot: machines of its kind boot by ${names[machine.loader]}${wentOn ? ', which it then did' : isStuck ? ', and it never went on to that' : ''}.`,
      todo: isStuck ? `Add ${names[machine.loader]} to the boot order of its firmware, or set the loader of its kind back to automatic under Boot paths (page Settings).`
        : `Put ${names[machine.loader]} first in the boot order of its firmware to save the wait; Boot paths (page Settings) says why its kind boots so.`,
    }
  },
})
