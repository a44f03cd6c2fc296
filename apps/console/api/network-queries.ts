import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { z } from 'zod'
import { HostInterface, type LeaseQuery, LeasePage, Network, PoolMap, Reservation } from '#contract/network-api'
import { api } from '../paths.ts'
import { keys } from './queries.ts'
import { fetchJson } from './request.ts'

/** Leases move without a message of their own; a machine's DHCP events ask for them at once. */
const everyMs = 10_000
const leasesAtOnce = 200

/** All networks. */
export const networksQuery = queryOptions({ queryKey: keys.networks, refetchInterval: everyMs, queryFn: ({ signal }) => fetchJson(z.array(Network), api.networks(), { signal }) })

/** The addresses of a network as cells. */
export const poolQuery = (id: string) => queryOptions({ queryKey: keys.pool(id), refetchInterval: everyMs, queryFn: ({ signal }) => fetchJson(PoolMap, api.pool(id), { signal }) })

/** The reservations of a network. */
export const reservationsQuery = (id: string) => queryOptions({ queryKey: keys.reservations(id), refetchInterval: everyMs, queryFn: ({ signal }) => fetchJson(z.array(Reservation), api.reservations(id), { signal }) })

/** The leases of a network that fit, in pages in the order of their addresses. */
export const leasesQuery = (network: string, filter: { state: LeaseQuery['state'], text: string }) => infiniteQueryOptions({
  queryKey: [...keys.leases(network), filter], refetchInterval: everyMs, initialPageParam: 0,
  queryFn: ({ signal, pageParam }) => fetchJson(LeasePage, api.leases({ network, state: filter.state, text: filter.text, offset: pageParam, limit: leasesAtOnce }), { signal }),
  getNextPageParam: (last, all): number | undefined => {
    const held = all.reduce((sum, page) => sum + page.leases.length, 0)
    return held < last.total && last.leases.length > 0 ? held : undefined
  },
  placeholderData: (before) => before,
})

/** The host's cards, for a further network. */
export const hostInterfacesQuery = queryOptions({ queryKey: keys.hostInterfaces, queryFn: ({ signal }) => fetchJson(z.array(HostInterface), api.hostInterfaces(), { signal }) })
