import type { Dhcp6Option } from '../../codec/dhcpv6.ts'
import { domainSearchOption } from '../../codec/dhcp4-options.ts'
import { iaNaOption, option6, refusedIa, status6, statusOption, vendorClassOption, type IaNa } from '../../codec/dhcpv6-options.ts'
import { encodeLatin } from '../../codec/latin.ts'
import type { DropReason, NetworkView } from '../../site.ts'
import type { BootAnswer } from '../dhcp/decide-offer.ts'
import type { Address6Book, Owner6 } from './book.ts'
import type { Request6 } from './request.ts'

/** What a DHCPv6 server does with one message. The changes of the book are the caller's to make. */
export type Answer6 =
  | { kind: 'reply'; type: 'advertise' | 'reply'; options: readonly Dhcp6Option[]; given: readonly Change6[]; bootUrl: string | null; change: 'none' | 'bind' | 'release' | 'decline' }
  | { kind: 'ignore'; why: DropReason }

/** An address of one identity association. */
export interface Change6 { readonly address: string; readonly owner: Owner6 }

/** What is decided with. */
export interface Standing6 {
  readonly serverDuid: Uint8Array
  readonly network: NetworkView
  readonly book: Address6Book
  readonly boot: BootAnswer
  readonly nowMs: number
}

/**
 * The answer to one message of a client.
 *
 * | message | answer |
 * | --- | --- |
 * | SOLICIT | ADVERTISE with the client's address, or REPLY where it asks for rapid commit |
 * | REQUEST, RENEW, REBIND | REPLY with the client's address; any other it names ends at once |
 * | CONFIRM | whether its addresses are of this link |
 * | RELEASE, DECLINE | success |
 * | INFORMATION-REQUEST | what there is to tell but addresses |
 *
 * A message to another server, or with a server id where none belongs, is none of ours. Who has addresses of other prefixes is left to
 * other servers unless the network is authoritative.
 * @see RFC 8415 §18.3, §16
 */
export function decideAnswer6(request: Request6, standing: Standing6): Answer6 {
  const { book, network, serverDuid } = standing
  const isOurs = request.serverId !== null && isEqual(request.serverId, serverDuid)
  const named = request.associations.flatMap(({ addresses }) => addresses.map(({ address }) => address))
  const ignore = (why: DropReason): Answer6 => ({ kind: 'ignore', why })
  if (standing.boot.kind === 'ignore') return standing.boot
  switch (request.type) {
    case 'solicit': {
      if (request.serverId !== null) return ignore('malformed')
      return request.wantsRapidCommit ? grant(request, standing, 'reply', [{ code: option6.rapidCommit, value: new Uint8Array() }]) : grant(request, standing, 'advertise', [{ code: option6.preference, value: Uint8Array.of(255) }])
    }
    case 'request':
    case 'renew': return isOurs ? grant(request, standing, 'reply') : ignore(request.serverId === null ? 'malformed' : 'other-server')
    case 'rebind': {
      if (request.serverId !== null) return ignore('malformed')
      return network.authoritative || named.some((address) => book.holds(address)) ? grant(request, standing, 'reply') : ignore('not-for-us')
    }
    case 'confirm': {
      if (request.serverId !== null || named.length === 0) return ignore('malformed')
      if (named.every((address) => book.holds(address))) return plain(request, standing, [statusOption(status6.success, 'These addresses are of this link.')])
      return network.authoritative ? plain(request, standing, [statusOption(status6.notOnLink, 'These addresses are not of this link.')]) : ignore('not-for-us')
    }
    case 'release':
    case 'decline': {
      if (!isOurs) return ignore(request.serverId === null ? 'malformed' : 'other-server')
      const given = request.associations.flatMap(({ iaid, addresses }) => addresses.map(({ address }) => ({ address, owner: { duid: request.duid, iaid, mac: request.mac } })))
      return { ...plain(request, standing, [statusOption(status6.success, 'Done.')]), given, change: request.type }
    }
    case 'informationRequest': {
      if ((request.serverId !== null && !isOurs) || request.associations.length > 0 || request.unserved.length > 0) return ignore(request.serverId === null ? 'malformed' : 'other-server')
      return plain(request, standing, [])
    }
  }
}

type Reply6 = Answer6 & { kind: 'reply' }

function grant(request: Request6, standing: Standing6, type: Reply6['type'], own: readonly Dhcp6Option[] = []): Reply6 {
  const { network, book, nowMs } = standing
  const given: Change6[] = []
  const seconds = network.leaseSeconds
  const associations = request.associations.map(({ iaid, addresses }): IaNa => {
    const refusal = (code: number, text: string): IaNa => ({ iaid, renewSeconds: 0, rebindSeconds: 0, addresses: [], status: { code, text } })
    if (request.type === 'request' && addresses.some(({ address }) => !book.holds(address))) return refusal(status6.notOnLink, 'This address is not of this link.')
    const owner: Owner6 = { duid: request.duid, iaid, mac: request.mac }
    const address = book.addressFor(owner, nowMs)
    if (address === undefined) return refusal(status6.noAddresses, 'There is no address.')
    given.push({ address, owner })
    // What the client has beside it ends now; in an offer that would mean nothing.
    const ended = type === 'advertise' ? [] : addresses.filter((one) => one.address !== address).map((one) => ({ address: one.address, preferredSeconds: 0, validSeconds: 0 }))
    return { iaid, renewSeconds: Math.floor(seconds / 2), rebindSeconds: Math.floor(seconds * 0.8), addresses: [{ address, preferredSeconds: seconds, validSeconds: seconds }, ...ended.slice(0, 8)], status: null }
  })
  const refused = request.unserved.map(({ code, value }) => refusedIa(code, value, code === option6.iaPd ? status6.noPrefix : status6.noAddresses, code === option6.iaPd ? 'No prefixes are given here.' : 'No temporary addresses are given here.'))
  return { ...plain(request, standing, [...associations.map(iaNaOption), ...refused, ...own]), type, given, change: type === 'reply' ? 'bind' : 'none' }
}

/** The answer's frame: who to whom, what is given, and what there is to tell. */
function plain(request: Request6, { serverDuid, network, boot }: Standing6, body: readonly Dhcp6Option[]): Reply6 {
  const { type } = request
  const tells = type !== 'confirm' && type !== 'release' && type !== 'decline'
  const bootUrl = tells ? bootUrlOf(boot) : null
  return {
    kind: 'reply', type: 'reply', given: [], change: 'none', bootUrl,
    options: [
      ...(request.duid.length > 0 ? [{ code: option6.clientId, value: request.duid }] : []), { code: option6.serverId, value: serverDuid }, ...body,
      ...(bootUrl === null ? [] : [{ code: option6.bootUrl, value: encodeLatin(bootUrl) }]),
      // Firmware takes the URL for an answer to HTTP Boot only where this says so.
      ...(bootUrl !== null && request.bootClass === 'HTTPClient' ? [vendorClassOption('HTTPClient')] : []),
      ...(tells && network.domain !== '' && request.wanted.includes(option6.domainList) ? [{ code: option6.domainList, value: domainSearchOption([network.domain]) }] : []),
    ],
  }
}

/** A name that is fetched by TFTP as a URL. @see RFC 5970 §3.1 */
function bootUrlOf(boot: BootAnswer): string | null {
  if (boot.kind !== 'boot') return null
  return boot.file.includes('://') ? boot.file : `tftp://${boot.nextServer}/${boot.file}`
}

const isEqual = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && a.every((byte, at) => byte === b[at])
