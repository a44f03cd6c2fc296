'use client'
import { useQuery, useQueryClient, type UseQueryResult } from '@tanstack/react-query'
import { useMemo } from 'react'
import type { Machine } from '#contract/operator-api'
import { machineQuery, machinesQuery } from '../api/queries.ts'

/** The fleet, kept up to date by the socket. */
export function useMachines(): UseQueryResult<Machine[]> {
  return useQuery(machinesQuery(useQueryClient()))
}

/** One machine by id, name or MAC: from the fleet where it is there, else asked for. */
export function useMachine(wanted: string): { machine: Machine | undefined, error: unknown, loading: boolean } {
  const fleet = useMachines()
  const inFleet = useMemo(() => fleet.data?.find(({ id, name, mac }) => id === wanted || name === wanted || mac === wanted), [fleet.data, wanted])
  const alone = useQuery({ ...machineQuery(wanted), enabled: fleet.isFetched && !inFleet })
  const machine = inFleet ?? alone.data
  return { machine, error: machine ? null : (alone.error ?? fleet.error), loading: !machine && !alone.error && !fleet.error }
}
