import { architectures } from '#netboot/arch/index'
import type { LoaderBoot } from '#netboot/site'
import type { Dhcp6Moment, DhcpMoment } from './moment.ts'
import { addressTalkOf, type Session } from './sessions.ts'

/** By which way the firmware of a boot asked for its loader; undefined where it has iPXE in its card, or is of no known kind. */
export function askedBy(session: Session): LoaderBoot | undefined {
  const asked = addressTalkOf(session).find(({ message, client }) => (message === 'discover' || message === 'solicit') && client !== 'system')
  if (asked?.client !== 'firmware' || asked.architecture === null || asked.architectureId === null) return undefined
  return architectures.find(asked.architectureId)?.httpTypes.includes(asked.architecture) === true ? 'http' : 'tftp'
}

/** What firmware was answered in a boot, by IPv4 and by IPv6. One without a boot file gave it an address and nothing to boot. */
export const firmwareAnswers = (session: Session): (DhcpMoment | Dhcp6Moment)[] =>
  addressTalkOf(session).filter(({ fromMachine, message, client }) => !fromMachine && client === 'firmware' && ['offer', 'ack', 'advertise', 'reply'].includes(message))
