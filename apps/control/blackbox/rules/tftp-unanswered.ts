import { tftpOf } from '../sessions.ts'
import { defineRule } from './rule.ts'

/** Requests arrive and no block goes out. */
export const tftpUnanswered = defineRule({
  id: 'tftp-unanswered', title: 'TFTP does not answer',
  look({ session, quietMs }) {
    const transfers = tftpOf(session)
    const silent = transfers.filter(({ end }) => end === 'silent')
    const [first] = silent
    if (first === undefined || transfers.length > silent.length || (silent.length + first.retries < 3 && quietMs < 10_000)) return undefined
    return {
      severity: 'error', evidence: silent.slice(0, 3), happened: `It asked for ${first.file} by TFTP and no answer went out.`,
      todo: 'Look whether the boot servers run (page Networks, /healthz) and whether another TFTP server holds UDP port 69 here (systemcloud doctor).',
    }
  },
})
