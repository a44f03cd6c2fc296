'use client'
import { keepPreviousData, queryOptions, useQuery, useQueryClient, type UseQueryResult } from '@tanstack/react-query'
import { useEffect, useRef } from 'react'
import { Boots } from '#contract/blackbox-api'
import { fetchJson } from '../api/request.ts'
import { api } from '../paths.ts'

const key = (id: string) => ['boots', id] as const
/** A boot that runs is read anew this often even where the journal is quiet: silence has a meaning too. */
const runningMs = 4000
const soonMs = 700

/** The newest boots of a machine with their diagnoses. */
const bootsQuery = (id: string) => queryOptions({
  queryKey: key(id), placeholderData: keepPreviousData, queryFn: ({ signal }) => fetchJson(Boots, api.machineBoots(id), { signal }),
  refetchInterval: (query) => (query.state.data?.boots[0]?.outcome === 'running' ? runningMs : false),
})

/** A machine's boots, read anew soon after each new line of its journal (`newest` is the last one's number). */
export function useBoots(id: string, newest: number | undefined): UseQueryResult<Boots> {
  const client = useQueryClient()
  const boots = useQuery(bootsQuery(id))
  const seen = useRef(newest)
  useEffect(() => {
    if (newest === undefined || seen.current === newest) return
    const timer = setTimeout(() => {
      seen.current = newest
      void client.invalidateQueries({ queryKey: key(id) })
    }, soonMs)
    return () => clearTimeout(timer)
  }, [client, id, newest])
  return boots
}
