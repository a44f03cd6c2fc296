'use client'
import { queryOptions, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { z } from 'zod'
import { BootPath, type BootPathPatch } from '#contract/blackbox-api'
import { faultSentence, fetchJson } from '../api/request.ts'
import { Notice, Skeleton } from '../kit/Notice.tsx'
import { api } from '../paths.ts'
import { BootPathRow } from './BootPathRow.tsx'

const key = ['boot-paths'] as const
const bootPathsQuery = queryOptions({ queryKey: key, queryFn: ({ signal }) => fetchJson(z.array(BootPath), api.bootPaths(), { signal }) })

/** How each kind of machine boots: what was learned from its boots, and what a person chose instead. */
export function BootPaths() {
  const client = useQueryClient()
  const paths = useQuery(bootPathsQuery)
  const [refusal, setRefusal] = useState('')
  const choose = async (path: BootPath, patch: BootPathPatch) => {
    setRefusal('')
    await fetchJson(BootPath, api.bootPath(path.id), { method: 'PUT', body: patch })
      .then((changed) => client.setQueryData<BootPath[]>(key, (held) => held?.map((one) => (one.id === changed.id ? changed : one))), (error: unknown) => setRefusal(faultSentence(error)))
  }
  if (!paths.data) return <div className="p-4">{paths.error ? <Notice tone="error">{faultSentence(paths.error)}</Notice> : <Skeleton rows={2} />}</div>
  return (
    <>
      {refusal ? <p role="alert" className="px-4 pt-3 text-sm text-red">{refusal}</p> : null}
      {paths.data.length === 0 ? <p className="px-4 py-3 text-sm text-ink-2">Nothing is learned yet. It will be, from every boot of a machine that has said what it is.</p> : null}
      <ul aria-label="Kinds of machines" className="divide-y divide-line">
        {paths.data.map((path) => <BootPathRow key={path.id} path={path} choose={(patch) => void choose(path, patch)} refuse={setRefusal} />)}
      </ul>
    </>
  )
}
