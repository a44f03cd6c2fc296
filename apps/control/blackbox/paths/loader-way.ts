import { architectures } from '#netboot/arch/index'
import { nextEntryFile, type LoaderBoot } from '#netboot/site'
import type { Dhcp6Moment, DhcpMoment } from '../moment.ts'
import { addressTalkOf, type Session } from '../sessions.ts'

/** By which way the firmware of a boot asked for its loader; undefined where it has iPXE in its card, or is of no known kind. */
export function askedBy(session: Session): LoaderBoot | undefined {
  const asked = addressTalkOf(session).find(({ message, client }) => (message === 'discover' || message === 'solicit') && client !== 'system')
  if (asked?.client !== 'firmware' || asked.architecture === null || asked.architectureId === null) return undefined
  return architectures.find(asked.architectureId)?.httpTypes.includes(asked.architecture) === true ? 'http' : 'tftp'
}

/** Whether the firmware of a boot was sent on to its next boot entry. */
export const wasSentOn = (session: Session): boolean => firmwareAnswers(session).some(({ bootFile }) => bootFile.endsWith(nextEntryFile))

/** What firmware was answered in a boot, by IPv4 and by IPv6. */
export const firmwareAnswers = (session: Session): (DhcpMoment | Dhcp6Moment)[] =>
  addressTalkOf(session).filter(({ fromMachine, message, client }) => !fromMachine && client === 'firmware' && ['offer', 'ack', 'advertise', 'reply'].includes(message))
