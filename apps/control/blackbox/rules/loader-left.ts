import { askedBy, firmwareAnswers, wasSentOn } from '../paths/loader-way.ts'
import { defineRule } from './rule.ts'

const patienceMs = 90_000
const names = { tftp: 'PXE', http: 'HTTP Boot' } as const

/** Its firmware asked in the way that is left for its kind of hardware, and shall go on to its other boot entry. */
export const loaderLeft = defineRule({
  id: 'loader-left', title: 'It asked in a way that its kind does not boot by',
  look({ session, index, sessions, quietMs }) {
    const way = askedBy(session)
    if (way === undefined || !wasSentOn(session)) return undefined
    const other = way === 'http' ? 'tftp' : 'http'
    const next = sessions[index + 1]
    const wentOn = next !== undefined && askedBy(next) === other
    const isStuck = !wentOn && quietMs >= patienceMs
    return {
      severity: isStuck ? 'error' : 'info', evidence: firmwareAnswers(session).slice(0, 3),
      happened: `Its firmware asked by ${names[way]} and was sent on to its next boot entry: machines of its kind boot by ${names[other]}${wentOn ? ', which it then did' : isStuck ? ', and it never went on to that' : ''}.`,
      todo: isStuck ? `Add ${names[other]} to the boot order of its firmware, or set the loader of its kind back to automatic under Boot paths (page Settings).`
        : `Put ${names[other]} first in the boot order of its firmware to save the wait; Boot paths (page Settings) says why its kind boots so.`,
    }
  },
})
