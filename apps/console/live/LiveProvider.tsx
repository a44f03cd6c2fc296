'use client'
import { type QueryClient, useQuery, useQueryClient } from '@tanstack/react-query'
import { createContext, type ReactNode, useCallback, useContext, useEffect, useState } from 'react'
import { io, type Socket } from 'socket.io-client'
import type { JournalEvent, LogLine } from '#contract/events'
import { keys, statusQuery } from '../api/queries.ts'
import { Inbox, messages } from './inbox.ts'
import { isRewound } from './reduce-events.ts'

/** How the page hears of changes: `live`, or `lost` since a moment (ms). */
export interface Connection { state: 'connecting' | 'live' | 'lost', since: number }

interface Live { connection: Connection, socket: Socket | undefined }
const notYet: Live = { connection: { state: 'connecting', since: 0 }, socket: undefined }
const LiveContext = createContext<Live>(notYet)

/** Whether changes arrive at the moment. */
export const useConnection = (): Connection => useContext(LiveContext).connection

/** Holds the one socket of the page. Once it hears of changes it fetches what may have changed before: after a reconnect every list. */
export function LiveProvider({ children }: { children: ReactNode }) {
  const client = useQueryClient()
  const status = useQuery(statusQuery)
  const [live, setLive] = useState<Live>(notYet)
  const known = status.data !== undefined

  useEffect(() => {
    if (!known) return
    const box = new Inbox(client, client.getQueryData<{ seq: number }>(keys.status)?.seq ?? 0)
    const opened = io({ path: '/socket.io', transports: ['websocket', 'polling'], reconnectionDelay: 400, reconnectionDelayMax: 3000, timeout: 8000 })
    let before = false
    opened.on('connect', () => {
      const again = before
      before = true
      opened.emit('join', { room: 'fleet', after: box.cursor }, () => void (again ? fetchAgain(client, box.cursor) : fetchLists(client, unreplayed)))
      setLive({ connection: { state: 'live', since: Date.now() }, socket: opened })
    })
    const lost = () => {
      setLive((held) => (held.connection.state === 'lost' ? held : { ...held, connection: { state: 'lost', since: Date.now() } }))
      void client.invalidateQueries({ queryKey: keys.session })
    }
    opened.on('disconnect', lost)
    opened.on('connect_error', lost)
    // A manager gives up on nothing, but a server that shuts the socket itself is not called again unless asked to.
    opened.on('disconnect', (why) => { if (why === 'io server disconnect') setTimeout(() => opened.connect(), 500) })
    for (const name of Object.keys(messages) as (keyof typeof messages)[]) opened.on(name, (payload: unknown) => box.receive(name, payload))
    return () => {
      opened.removeAllListeners()
      opened.close()
      box.close()
    }
  }, [client, known])

  return <LiveContext value={live}>{children}</LiveContext>
}

/** What no journal tells: a change that came between the page's first fetch and its socket is told nobody. */
const unreplayed = [keys.images, keys.cloud]

const fetchLists = (client: QueryClient, lists: readonly (readonly string[])[]): Promise<unknown> => Promise.all(lists.map((queryKey) => client.invalidateQueries({ queryKey })))

/** After a gap nothing held is trusted. A journal behind ours means a restored backup: then the page starts anew. */
async function fetchAgain(client: QueryClient, seen: number): Promise<void> {
  await fetchLists(client, [...unreplayed, keys.machines, keys.networks, keys.roles])
  const status = await client.fetchQuery({ ...statusQuery, staleTime: 0 }).catch(() => undefined) // Unreachable again: the next connect asks again.
  if (status && isRewound(seen, status.seq)) location.reload()
}

/** Follows one machine while its page is open: joins its room after every connect, saying what is held already. */
export function useMachineRoom(id: string, loaded: boolean): void {
  const client = useQueryClient()
  const held = useCallback(() => ({ after: client.getQueryData<readonly JournalEvent[]>(keys.events(id))?.at(-1)?.seq ?? 0, logAfter: lastLine(client, keys.log(id)) }), [client, id])
  // A replay is bounded, so a long gap is filled by fetching first, from what was held before anything new came in.
  const fill = useCallback(() => {
    client.setQueryData(keys.resume(id), held())
    return Promise.all([keys.events(id), keys.log(id)].map((queryKey) => client.refetchQueries({ queryKey })))
  }, [client, held, id])
  useRoom(`machine:${id}`, loaded, held, fill)
}

/** Follows an app's log while it is shown. */
export function useAppRoom(name: string, loaded: boolean): void {
  const client = useQueryClient()
  const held = useCallback(() => ({ after: 0, logAfter: lastLine(client, keys.appLog(name)) }), [client, name])
  const fill = useCallback(() => client.refetchQueries({ queryKey: keys.appLog(name) }), [client, name])
  useRoom(`app:${name}`, loaded, held, fill)
}

const lastLine = (client: QueryClient, key: readonly string[]): number => client.getQueryData<readonly LogLine[]>(key)?.at(-1)?.seq ?? 0

function useRoom(room: string, loaded: boolean, held: () => { after: number, logAfter: number }, fill: () => Promise<unknown>): void {
  const { socket } = useContext(LiveContext)
  useEffect(() => {
    if (!socket || !loaded) return
    const join = () => socket.emit('join', { room, ...held() })
    const rejoin = () => void fill().then(join)
    if (socket.connected) join()
    socket.on('connect', rejoin)
    return () => {
      socket.off('connect', rejoin)
      socket.emit('leave', { room })
    }
  }, [fill, held, loaded, room, socket])
}
