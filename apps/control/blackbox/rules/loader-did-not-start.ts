import { addressTalkOf, httpOf, loaderName, tftpOf } from '../sessions.ts'
import { defineRule, span } from './rule.ts'

const patienceMs = 45_000

/** The loader arrived whole, and nothing of it was ever heard: the firmware refused it, or it does not run there. */
export const loaderDidNotStart = defineRule({
  id: 'loader-did-not-start', title: 'Its loader did not start', behind: ['first-packets-lost'],
  look({ session, index, sessions, quietMs, context }) {
    const asked = addressTalkOf(session).find(({ client, fromMachine }) => fromMachine && client === 'firmware')
    const loaders = [...tftpOf(session).filter(({ file, end }) => end === 'done' && loaderName.test(file)), ...httpOf(session).filter(({ path, end, method }) => method === 'GET' && end === 'done' && loaderName.test(path))].sort((a, b) => a.atMs - b.atMs)
    const last = loaders.at(-1)
    if (asked === undefined || last === undefined || addressTalkOf(session).some(({ client, atMs }) => client !== 'firmware' && atMs > last.atMs)) return undefined
    if (session.moments.some((moment) => moment.atMs > last.endMs && ['tftp', 'http', 'script', 'kernel', 'inventory'].includes(moment.kind))) return undefined
    const next = sessions[index + 1]
    const againMs = next === undefined ? quietMs : next.startMs - last.endMs
    if (againMs < 0 || (next === undefined && quietMs < patienceMs)) return undefined
    const file = last.kind === 'tftp' ? last.file : last.path.split('/').at(-1) ?? ''
    const isUefi = asked.architectureId?.startsWith('uefi') === true
    return {
      severity: 'error', evidence: [last],
      happened: `It fetched ${file} whole, and the loader never spoke${next === undefined ? '' : `: the firmware began anew ${span(againMs)} later`}.`,
      todo: !isUefi ? 'Look at its screen: the card’s boot ROM may not work with this loader; update its firmware, or use UEFI.'
        : context.machine?.secureBoot === true ? 'Secure Boot is on, and the firmware refuses a loader that is not signed for it: its screen says “Security Violation” or “Access Denied”. Turn Secure Boot off, or boot it by the signed chain.'
          : 'Look at its screen. “Security Violation” or “Access Denied” is Secure Boot refusing the loader: turn it off, or boot it by the signed chain. Otherwise update its firmware.',
    }
  },
})
