import { addressTalkOf, httpOf, tftpOf } from '../sessions.ts'
import { defineRule } from './rule.ts'

/** It asks for a file that is not served, and that is where its boot ends. GRUB and shim ask for files that need not be there: they go on. */
export const tftpRefused = defineRule({
  id: 'tftp-refused', title: 'It asks for a file that is not here', behind: ['loader-left', 'other-server'],
  look({ session, quietMs }) {
    const last = tftpOf(session).at(-1)
    if (last?.end !== 'refused' || quietMs < 10_000) return undefined
    if (httpOf(session).some(({ atMs }) => atMs > last.atMs) || addressTalkOf(session).some(({ atMs, client }) => atMs > last.atMs && client !== 'firmware') || session.moments.some((moment) => moment.kind === 'script')) return undefined
    return {
      severity: 'error', evidence: [last], happened: `It asked for ${last.file} by TFTP and was refused (${last.error}).`,
      todo: 'Look where that name comes from: a boot file set in another DHCP server, in the firmware, or in an old configuration on its disk. The appliance serves only its own boot files.',
    }
  },
})
