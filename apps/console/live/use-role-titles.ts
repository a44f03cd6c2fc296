'use client'
import { useQuery } from '@tanstack/react-query'
import { useCallback } from 'react'
import { rolesQuery } from '../api/queries.ts'

/** Names roles as the catalog does; a role that left the catalog keeps its id. */
export function useRoleTitles(): (id: string) => string {
  const { data } = useQuery(rolesQuery)
  return useCallback((id) => data?.find((role) => role.id === id)?.title ?? id, [data])
}
