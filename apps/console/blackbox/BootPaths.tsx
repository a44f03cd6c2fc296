'use client'
import { queryOptions, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { z } from 'zod'
import { BootPath, type DiskMethod } from '#contract/blackbox-api'
import { faultSentence, fetchJson } from '../api/request.ts'
import { Notice, Skeleton } from '../kit/Notice.tsx'
import { api } from '../paths.ts'
import { plural, safeText } from '../text/format.ts'
import { formatGap } from './filter-entries.ts'

const key = ['boot-paths'] as const
const bootPathsQuery = queryOptions({ queryKey: key, queryFn: ({ signal }) => fetchJson(z.array(BootPath), api.bootPaths(), { signal }) })
const methods: Readonly<Record<DiskMethod, string>> = { auto: 'As learned', sanboot: 'sanboot: the first disk of the BIOS', grub: 'grub: our GRUB finds the disk', exit: 'exit: the firmware’s next boot entry' }

/** How each kind of machine boots: what was learned from its boots, and the way into its disk, which a person may choose. */
export function BootPaths() {
  const client = useQueryClient()
  const paths = useQuery(bootPathsQuery)
  const [refusal, setRefusal] = useState('')
  const choose = async (path: BootPath, wished: string) => {
    setRefusal('')
    await fetchJson(BootPath, api.bootPath(path.id), { method: 'PUT', body: { wished } })
      .then((changed) => client.setQueryData<BootPath[]>(key, (held) => held?.map((one) => (one.id === changed.id ? changed : one))), (error: unknown) => setRefusal(faultSentence(error)))
  }
  if (!paths.data) return <div className="p-4">{paths.error ? <Notice tone="error">{faultSentence(paths.error)}</Notice> : <Skeleton rows={2} />}</div>
  return (
    <>
      {refusal ? <p role="alert" className="px-4 pt-3 text-sm text-red">{refusal}</p> : null}
      {paths.data.length === 0 ? <p className="px-4 py-3 text-sm text-ink-2">Nothing was learned yet: it is, from each boot of a machine whose parts are known.</p> : null}
      <ul aria-label="Kinds of machines" className="divide-y divide-line">
        {paths.data.map((path) => (
          <li key={path.id} className="grid gap-x-6 gap-y-2 px-4 py-3 md:grid-cols-[minmax(0,1.2fr)_minmax(0,1fr)_minmax(0,1.1fr)] md:items-start">
            <div className="min-w-0">
              <p className="font-medium break-words">{safeText(`${path.manufacturer} ${path.product}`).trim() || 'A machine without a name'}</p>
              <p className="text-sm text-ink-2">{path.firmware === 'bios' ? 'BIOS' : 'UEFI'}{path.secureBoot ? ', Secure Boot' : ''} · <span title={path.machines.join(', ')}>{plural(path.machines.length, 'machine')}</span></p>
            </div>
            <div className="min-w-0 text-sm">
              <p className="label">Loader</p>
              <p>{path.loader === '' ? 'not seen yet' : safeText(path.loader)}{path.loaderMs === null ? '' : `, ${formatGap(path.loaderMs)}`}</p>
              {path.loaderBoots > 0 ? <p className="text-ink-3">{plural(path.loaderBoots, 'boot')} by it</p> : null}
            </div>
            <div className="min-w-0 text-sm">
              <label className="flex flex-col gap-1"><span className="label">Into its disk</span>
                <select className="field h-8 py-0 text-sm" value={path.wished} aria-label={`Way into the disk of ${path.manufacturer} ${path.product}`} onChange={(event) => void choose(path, event.target.value)}>
                  {(['auto', ...path.disk.map(({ method }) => method)] as const).map((method) => <option key={method} value={method}>{method === 'auto' ? `${methods.auto}${path.wished === 'auto' ? `: ${path.used}` : ''}` : methods[method]}</option>)}
                </select>
              </label>
              <p className="mt-1 text-ink-3">{path.why}</p>
              <p className="font-mono text-xs text-ink-3">{path.disk.map(({ method, worked, failed }) => <span key={method} className="mr-3 whitespace-nowrap">{method} <span className={worked > 0 ? 'text-green' : ''}>{worked}</span>/<span className={failed > 0 ? 'text-red' : ''}>{failed}</span></span>)}</p>
            </div>
          </li>
        ))}
      </ul>
    </>
  )
}
