import { queryOptions, type QueryClient } from '@tanstack/react-query'
import { z } from 'zod'
import { Stranger } from '#contract/blackbox-api'
import { Cloud, EventPage, Image, LogPage, Machine, PowerDriverInfo, Role, SshKeys, Status, Token, Transfer } from '#contract/operator-api'
import type { JournalEvent, LogLine } from '#contract/events'
import { mergeEvents, mergeFetched, mergeLog } from '../live/reduce-events.ts'
import { api } from '../paths.ts'
import { ApiFault, fetchJson } from './request.ts'

const Session = z.object({ name: z.string(), mustChangePassword: z.boolean() })

/** The names under which answers are kept; live messages are merged into the same places. `resume`: where a fetch goes on after a gap. */
export const keys = {
  session: ['session'], status: ['status'], machines: ['machines'], machine: (id: string) => ['machine', id],
  events: (id: string) => ['events', id], activity: ['activity'], log: (id: string) => ['log', id], resume: (id: string) => ['resume', id],
  transfers: ['transfers'], strangers: ['strangers'], roles: ['roles'], powerDrivers: ['power-drivers'], images: ['images'], networks: ['networks'], pool: (id: string) => ['networks', id, 'pool'], leases: (id: string) => ['networks', id, 'leases'], reservations: (id: string) => ['networks', id, 'reservations'], hostInterfaces: ['host-interfaces'], cloud: ['cloud'], sshKeys: ['ssh-keys'], tokens: ['tokens'], appLog: (name: string) => ['app-log', name],
} as const

/** Who is signed in; null when nobody is, which is an answer like any other and never leaves an old one standing. */
export const sessionQuery = queryOptions({
  queryKey: keys.session,
  queryFn: ({ signal }): Promise<z.infer<typeof Session> | null> => fetchJson(Session, api.session(), { signal }).catch((error: unknown) => {
    if (error instanceof ApiFault && error.status === 401) return null
    throw error
  }),
})
/** Version, warnings and the newest journal line; asked for again now and then, because warnings have no live message. */
export const statusQuery = queryOptions({ queryKey: keys.status, refetchInterval: 20_000, queryFn: ({ signal }) => fetchJson(Status, api.status(), { signal }) })
/** The catalog of roles. */
export const rolesQuery = queryOptions({ queryKey: keys.roles, queryFn: ({ signal }) => fetchJson(z.array(Role), api.roles(), { signal }) })
/** The catalog of power drivers, each with the schema of its options. */
export const powerDriversQuery = queryOptions({ queryKey: keys.powerDrivers, queryFn: ({ signal }) => fetchJson(z.array(PowerDriverInfo), api.powerDrivers(), { signal }) })
/** Images with their build progress. */
export const imagesQuery = queryOptions({ queryKey: keys.images, queryFn: ({ signal }) => fetchJson(z.array(Image), api.images(), { signal }) })
/** The Application Cloud. */
export const cloudQuery = queryOptions({ queryKey: keys.cloud, queryFn: ({ signal }) => fetchJson(Cloud, api.cloud(), { signal }) })
/** What is on its way to whom; asked for again while somebody looks, for bytes have no live message. */
export const transfersQuery = queryOptions({ queryKey: keys.transfers, refetchInterval: 2000, queryFn: ({ signal }) => fetchJson(z.array(Transfer), api.transfers(), { signal }) })
/** Cards that asked for an address and belong to no machine. */
export const strangersQuery = queryOptions({ queryKey: keys.strangers, refetchInterval: 10_000, queryFn: ({ signal }) => fetchJson(z.array(Stranger), api.strangers(), { signal }) })
/** The administrators' SSH keys. */
export const sshKeysQuery = queryOptions({ queryKey: keys.sshKeys, queryFn: ({ signal }) => fetchJson(SshKeys, api.sshKeys(), { signal }) })
/** The bearer tokens of programs, without the tokens themselves. */
export const tokensQuery = queryOptions({ queryKey: keys.tokens, queryFn: ({ signal }) => fetchJson(z.array(Token), api.tokens(), { signal }) })

/** All machines. What arrived live while the answer was under way is kept where it is newer. */
export const machinesQuery = (client: QueryClient) => queryOptions({
  queryKey: keys.machines,
  queryFn: async ({ signal }) => {
    const fetched = await fetchJson(z.array(Machine), api.machines(), { signal })
    return mergeFetched(client.getQueryData<Machine[]>(keys.machines) ?? [], fetched)
  },
})

/** A machine by id, name or MAC, for a page opened before, or without, the list. */
export const machineQuery = (id: string) => queryOptions({ queryKey: keys.machine(id), queryFn: ({ signal }) => fetchJson(Machine, api.machine(id), { signal }) })

/** A machine's whole timeline, in pages; continues after what is held. */
export const eventsQuery = (client: QueryClient, id: string) => queryOptions({
  queryKey: keys.events(id), staleTime: Infinity,
  queryFn: async ({ signal }) => {
    let held: readonly JournalEvent[] = client.getQueryData<readonly JournalEvent[]>(keys.events(id)) ?? []
    let after = client.getQueryData<{ after: number }>(keys.resume(id))?.after ?? held.at(-1)?.seq ?? 0
    for (;;) {
      const page = await fetchJson(EventPage, api.machineEvents(id, { after, limit: 500 }), { signal })
      held = mergeEvents(mergeEvents(client.getQueryData<readonly JournalEvent[]>(keys.events(id)) ?? [], held), page.events)
      const last = page.events.at(-1)?.seq
      if (last === undefined || last <= after || page.events.length < 500) return held
      after = last
    }
  },
})

/** What happened lately in the whole fleet. `newest` is the newest line of the journal. */
export const activityQuery = (client: QueryClient, newest: number) => queryOptions({
  queryKey: keys.activity, staleTime: Infinity,
  queryFn: async ({ signal }) => {
    const page = await fetchJson(EventPage, api.events({ after: Math.max(0, newest - 200), limit: 200 }), { signal })
    return mergeEvents(client.getQueryData<readonly JournalEvent[]>(keys.activity) ?? [], page.events)
  },
})

/** A machine's log, in pages; continues after what is held. */
export const logQuery = (client: QueryClient, id: string) => queryOptions({ queryKey: keys.log(id), staleTime: Infinity, queryFn: ({ signal }) => fetchLog(client, keys.log(id), (query) => api.machineLog(id, query), signal, client.getQueryData<{ logAfter: number }>(keys.resume(id))?.logAfter) })

/** An app's log; what comes later arrives by the socket. */
export const appLogQuery = (client: QueryClient, name: string) => queryOptions({ queryKey: keys.appLog(name), staleTime: Infinity, queryFn: ({ signal }) => fetchLog(client, keys.appLog(name), (query) => api.appLog(name, query), signal) })

const logPage = 2000

async function fetchLog(client: QueryClient, key: readonly string[], url: (query: { after?: number | undefined, limit: number }) => string, signal: AbortSignal, from?: number): Promise<readonly LogLine[]> {
  let held: readonly LogLine[] = client.getQueryData<readonly LogLine[]>(key) ?? []
  let after = from ?? held.at(-1)?.seq
  for (;;) {
    const page = await fetchJson(LogPage, url({ after, limit: logPage }), { signal })
    held = mergeLog(mergeLog(client.getQueryData<readonly LogLine[]>(key) ?? [], held), page.lines)
    const last = page.lines.at(-1)?.seq
    if (last === undefined || last === after || page.lines.length < logPage) return held
    after = last
  }
}
