import type { Mac } from '#contract/mac'
import type { Reservation } from '../../site.ts'

/** Reservations by whom they are for and by address. */
export class ReservationIndex {
  private readonly byClient = new Map<string, Reservation>()
  private readonly byNetwork = new Map<string, Map<string, Reservation>>()

  constructor(reservations: readonly Reservation[]) {
    for (const reservation of reservations) {
      this.byClient.set(`${reservation.networkId} ${keyOf(reservation.match)}`, reservation)
      const ofNetwork = this.byNetwork.get(reservation.networkId) ?? new Map<string, Reservation>()
      this.byNetwork.set(reservation.networkId, ofNetwork.set(reservation.address, reservation))
    }
  }

  /** What is reserved for this client on this network. A MAC counts before a client id, and that before a UUID: a card may move, a UUID may be shared. */
  find(networkId: string, client: { mac: Mac; clientId: string; uuid: string | null }): Reservation | undefined {
    if (this.byClient.size === 0) return undefined
    const of = (key: string): Reservation | undefined => this.byClient.get(`${networkId} ${key}`)
    return of(`mac ${client.mac}`) ?? (client.clientId === '' ? undefined : of(`id ${client.clientId}`)) ?? (client.uuid === null ? undefined : of(`uuid ${client.uuid}`))
  }

  /** The reserved addresses of a network. */
  addresses(networkId: string): ReadonlyMap<string, Reservation> {
    return this.byNetwork.get(networkId) ?? none
  }
}

const none: ReadonlyMap<string, Reservation> = new Map()

function keyOf(match: Reservation['match']): string {
  if ('mac' in match) return `mac ${match.mac}`
  return 'clientId' in match ? `id ${match.clientId.toLowerCase()}` : `uuid ${match.uuid.toLowerCase()}`
}
