import type { QueryClient } from '@tanstack/react-query'
import { Network, type NetworkPatch, NetworkRemoved, type NetworkRequest, Reservation, type ReservationRequest } from '#contract/network-api'
import type { z } from 'zod'
import { api } from '../paths.ts'
import { keys } from './queries.ts'
import { fetchJson, sendOnly } from './request.ts'

/** Everything of networks is asked for again: an act on one part shows in all of them. */
const renew = (client: QueryClient): Promise<void> => client.invalidateQueries({ queryKey: keys.networks })

/** Changes a network; it counts at once. */
export async function changeNetwork(client: QueryClient, id: string, patch: NetworkPatch): Promise<Network> {
  const network = await fetchJson(Network, api.network(id), { method: 'PATCH', body: patch })
  client.setQueryData<Network[]>(keys.networks, (held) => held?.map((each) => (each.id === id ? network : each)))
  void renew(client)
  return network
}

/** Serves a further network. */
export async function addNetwork(client: QueryClient, request: z.input<typeof NetworkRequest>): Promise<Network> {
  const network = await fetchJson(Network, api.networks(), { method: 'POST', body: request })
  client.setQueryData<Network[]>(keys.networks, (held) => [...(held ?? []), network])
  return network
}

/** Serves a network no longer. Resolves to the machines that are cut off by it. */
export async function removeNetwork(client: QueryClient, id: string, force: boolean): Promise<NetworkRemoved> {
  const removed = await fetchJson(NetworkRemoved, api.network(id, { force }), { method: 'DELETE' })
  client.setQueryData<Network[]>(keys.networks, (held) => held?.filter((each) => each.id !== id))
  return removed
}

/** Takes an address back. */
export async function releaseLease(client: QueryClient, address: string, force: boolean): Promise<void> {
  await sendOnly(api.lease(address, { force }), { method: 'DELETE' })
  await renew(client)
}

/** Keeps an address for a client. */
export async function reserve(client: QueryClient, request: z.input<typeof ReservationRequest>): Promise<Reservation> {
  const reservation = await fetchJson(Reservation, api.reservations(), { method: 'POST', body: request })
  await renew(client)
  return reservation
}

/** Changes the reservation of an address, which may become one of another address. */
export async function changeReservation(client: QueryClient, of: string, request: z.input<typeof ReservationRequest>): Promise<Reservation> {
  const reservation = await fetchJson(Reservation, api.reservation(of), { method: 'PUT', body: request })
  await renew(client)
  return reservation
}

/** Keeps an address no longer. */
export async function unreserve(client: QueryClient, address: string): Promise<void> {
  await sendOnly(api.reservation(address), { method: 'DELETE' })
  await renew(client)
}
