import { z } from 'zod'
import { ClientMatch } from '#contract/network-api'
import { contains, parseCidr } from '#netboot/codec/ipv4'
import type { NetworkView, Reservation } from '#netboot/site'
import { freshMain, mainId, placed, settle, StoredNetwork, viewsOf, type NetworkConfig, type Standing } from './network-config.ts'

/** A reservation as it is stored. */
export const StoredReservation = z.object({ networkId: z.string(), address: z.string(), match: ClientMatch, hostname: z.string(), by: z.string(), createdAt: z.string() })
export type StoredReservation = z.infer<typeof StoredReservation>

/** Where networks and reservations are kept. Writes resolve when they are on disk and reject where they are not. */
export interface FactStore {
  get(bucket: string, key: string): string | undefined
  put(bucket: string, key: string, value: string): Promise<void>
  remove(bucket: string, key: string): Promise<void>
  entries(bucket: string): { key: string; value: string }[]
}

/** The networks and reservations: stored, and in memory as netboot reads them. A change counts once it is on disk. */
export interface NetworkBook {
  /** The main network first, the others by their ids. */
  networks(): readonly NetworkConfig[]
  find(id: string): NetworkConfig | undefined
  ofAddress(address: string): NetworkConfig | undefined
  stored(id: string): StoredNetwork | undefined
  /** A network in full as it would be beside the others, were it saved. */
  settle(network: StoredNetwork): NetworkConfig
  /** What netboot serves. Another array after each change, the same one until then. */
  views(): readonly NetworkView[]
  save(network: StoredNetwork): Promise<void>
  /** Removes a network with its reservations. */
  remove(id: string): Promise<void>
  reservations(): readonly StoredReservation[]
  /** What netboot goes by. Another array after each change. */
  reservationViews(): readonly Reservation[]
  saveReservation(reservation: StoredReservation): Promise<void>
  removeReservation(reservation: StoredReservation): Promise<void>
}

const [networkBucket, reservationBucket] = ['network', 'reservation']

/** Opens it. `policy`: what was set for unknown machines before networks were stored. */
export async function openNetworkBook(facts: FactStore, standing: Standing, policy: 'discover' | 'ignore' | undefined): Promise<NetworkBook> {
  const keyOf = ({ networkId, address }: StoredReservation): string => `${networkId}/${address}`
  const stored = new Map(facts.entries(networkBucket).map(({ key, value }) => [key, StoredNetwork.parse(JSON.parse(value))]))
  const main = stored.get(mainId) ?? { ...freshMain(standing), set: policy === undefined ? {} : { policy } }
  stored.delete(mainId)
  const all = new Map([[mainId, main], ...stored])
  const reservations = new Map(facts.entries(reservationBucket).map(({ key, value }) => [key, StoredReservation.parse(JSON.parse(value))]))
  // A removal that was cut short.
  for (const [key, one] of reservations) {
    if (all.has(one.networkId)) continue
    await facts.remove(reservationBucket, key)
    reservations.delete(key)
  }
  let configs: readonly NetworkConfig[] = []
  let views: readonly NetworkView[] = []
  let kept: readonly StoredReservation[] = []
  let keptViews: readonly Reservation[] = []
  const settleAmong = (network: StoredNetwork): NetworkConfig => settle(placed(network, all.values(), standing), standing)
  const refresh = (): void => {
    const [first, ...others] = all.values()
    configs = [first ?? main, ...others.sort((a, b) => (a.id < b.id ? -1 : 1))].map(settleAmong)
    views = viewsOf(configs)
  }
  const refreshReservations = (): void => {
    kept = Array.from(reservations.values())
    keptViews = kept.map(({ networkId, address, match, hostname }) => ({ networkId, address, match, ...(hostname === '' ? {} : { hostname }) }))
  }
  refresh()
  refreshReservations()
  return {
    networks: () => configs, find: (id) => configs.find((one) => one.id === id),
    ofAddress: (address) => configs.find(({ cidr }) => { const subnet = parseCidr(cidr); return subnet !== undefined && contains(subnet, address) }),
    stored: (id) => all.get(id), settle: settleAmong, views: () => views,
    async save(network) {
      await facts.put(networkBucket, network.id, JSON.stringify(network))
      all.set(network.id, network)
      refresh()
    },
    async remove(id) {
      await facts.remove(networkBucket, id)
      all.delete(id)
      refresh()
      for (const one of kept.filter(({ networkId }) => networkId === id)) {
        await facts.remove(reservationBucket, keyOf(one))
        reservations.delete(keyOf(one))
      }
      refreshReservations()
    },
    reservations: () => kept, reservationViews: () => keptViews,
    async saveReservation(one) {
      await facts.put(reservationBucket, keyOf(one), JSON.stringify(one))
      reservations.set(keyOf(one), one)
      refreshReservations()
    },
    async removeReservation(one) {
      await facts.remove(reservationBucket, keyOf(one))
      reservations.delete(keyOf(one))
      refreshReservations()
    },
  }
}
