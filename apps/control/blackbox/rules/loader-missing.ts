import { architectures } from '#netboot/arch/index'
import { addressTalkOf, dhcpOf } from '../sessions.ts'
import { defineRule } from './rule.ts'

/** The loader for its firmware is not in the boot manifest (yet). */
export const loaderMissing = defineRule({
  id: 'loader-missing', title: 'Its loader is not there yet', behind: ['wrong-architecture', 'policy-ignored'],
  look({ session, context }) {
    const refused = session.moments.filter((moment) => moment.kind === 'ignored' && moment.why === 'no-boot-file')
    const asked = dhcpOf(session, 'discover').find(({ client }) => client === 'firmware')
    const architecture = architectures.entries.find(({ id }) => id === asked?.architectureId)
    const isAnswered = addressTalkOf(session).some(({ fromMachine }) => !fromMachine)
    if (refused.length === 0 && (isAnswered || asked === undefined || architecture === undefined || context.hasFile(architecture.tftpLoader))) return undefined
    return {
      severity: 'error', evidence: refused.length > 0 ? refused : asked === undefined ? [] : [asked],
      happened: `The boot files hold no loader for ${architecture?.title ?? 'its firmware'}${architecture === undefined ? '' : ` (${architecture.tftpLoader})`}.`,
      todo: 'Look at the page Images: the loaders are built with the ramdisk, and it boots by itself once they are there.',
    }
  },
})
