'use client'
import { useQueries, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { Machine } from '#contract/operator-api'
import { assignRole, fetchPlan } from '../api/acts.ts'
import { rolesQuery } from '../api/queries.ts'
import { faultSentence } from '../api/request.ts'
import { Button } from '../kit/Button.tsx'
import { Modal } from '../kit/Modal.tsx'
import { Notice, Skeleton } from '../kit/Notice.tsx'
import { useToast } from '../shell/Toasts.tsx'
import { plural } from '../text/format.ts'
import { confirmWord, type Consent, decideConsent } from './erase-consent.ts'
import { PlanView } from './PlanView.tsx'

/** Chooses a role for one machine or many, shows what would happen, and only then lets it happen. */
export function RoleDialog({ machines, onClose }: { machines: readonly Machine[], onClose: () => void }) {
  const client = useQueryClient()
  const say = useToast()
  const roles = useQuery(rolesQuery)
  const [role, setRole] = useState<string>()
  const [disks, setDisks] = useState<Readonly<Record<string, string>>>({})
  const [typed, setTyped] = useState('')
  const [ticked, setTicked] = useState(false)
  const [busy, setBusy] = useState(false)
  const [refusal, setRefusal] = useState('')
  const asked = useQueries({ queries: role === undefined ? [] : machines.map(({ id }) => ({ queryKey: ['plan', id, role, disks[id] ?? ''], queryFn: ({ signal }: { signal: AbortSignal }) => fetchPlan(id, role, disks[id], signal), gcTime: 0, staleTime: Infinity, refetchOnWindowFocus: false, retry: false })) })
  const plans = asked.flatMap(({ data }) => (data ? [data] : []))
  const complete = role !== undefined && plans.length === machines.length
  const consent = complete ? decideConsent(plans) : undefined
  const faults = asked.flatMap(({ error }) => (error ? [faultSentence(error)] : []))
  const again = () => { setRefusal(''); setTyped(''); setTicked(false) }

  const cannotWhy = role === undefined ? 'Choose a role first.'
    : !consent ? (faults[0] ?? 'The plan is being made.')
      : consent.kind === 'refused' ? consent.reasons.join(' ')
        : consent.kind === 'type' && typed !== consent.word ? `Type ${consent.word} to confirm that its disk is erased.`
          : consent.kind === 'tick' && !ticked ? 'Tick that the disks are erased.' : undefined

  const run = async () => {
    setBusy(true)
    setRefusal('')
    const outcomes = await Promise.allSettled(plans.map((plan) => assignRole(client, plan.machineId, { role: plan.role, generation: plan.generation, ...(plan.disk ? { disk: plan.disk.identity } : {}) })))
    setBusy(false)
    const refused = outcomes.flatMap((outcome, index) => (outcome.status === 'rejected' ? [`${machines.length > 1 ? `${plans[index]?.machineName}: ` : ''}${faultSentence(outcome.reason)}`] : []))
    if (refused.length === 0) {
      say(machines.length === 1 ? `${machines[0]?.name} becomes ${roleTitle(role)}.` : `${plural(machines.length, 'machine')} become ${roleTitle(role)}.`)
      return onClose()
    }
    setRefusal(refused.join(' '))
    for (const query of asked) void query.refetch()
  }
  const roleTitle = (id: string | undefined) => roles.data?.find((each) => each.id === id)?.title ?? id ?? ''

  return (
    <Modal
      open wide onClose={onClose} title={machines.length === 1 ? `Role of ${machines[0]?.name}` : `Role of ${plural(machines.length, 'machine')}`}
      lead="Nothing happens before you confirm the plan."
      footer={<>{consent ? <ConsentField consent={consent} typed={typed} onType={setTyped} ticked={ticked} onTick={setTicked} /> : null}<Button onClick={onClose}>Cancel</Button><Button tone={complete && plans.some(({ disk }) => disk?.erased) ? 'danger' : 'strong'} busy={busy} cannotWhy={cannotWhy} onClick={() => void run()}>{complete ? confirmWord(plans) : 'Assign'}</Button></>}
    >
      <fieldset>
        <legend className="label mb-2">Role</legend>
        {roles.error ? <Notice tone="error">{faultSentence(roles.error)}</Notice> : null}
        <div className="grid gap-2 sm:grid-cols-2">
          {roles.data?.map((each) => (
            <label key={each.id} className={`flex cursor-pointer items-start gap-3 rounded-lg border p-3 ${role === each.id ? 'border-mark bg-mark-wash' : 'border-line hover:border-line-2'}`}>
              <input type="radio" name="role" value={each.id} checked={role === each.id} onChange={() => { setRole(each.id); again() }} className="mt-1 accent-mark" />
              <span className="min-w-0"><span className="plate block text-base">{each.title}</span><span className="block text-sm text-ink-2">{each.summary}</span></span>
            </label>
          ))}
        </div>
      </fieldset>
      {role !== undefined ? (
        <div className="mt-5 flex flex-col gap-6" aria-live="polite">
          {asked.map(({ data, error }, index) => {
            const machine = machines[index]
            if (!machine) return null
            if (error) return <Notice key={machine.id} tone="error">{machine.name}: {faultSentence(error)}</Notice>
            return data ? <PlanView key={machine.id} plan={data} titled={machines.length > 1} onDisk={(identity) => { setDisks((held) => ({ ...held, [machine.id]: identity })); again() }} /> : <Skeleton key={machine.id} rows={2} />
          })}
        </div>
      ) : null}
      {refusal ? <div className="mt-4"><Notice tone="error">{refusal}</Notice></div> : null}
    </Modal>
  )
}


interface ConsentFieldProps { consent: Consent, typed: string, onType: (text: string) => void, ticked: boolean, onTick: (on: boolean) => void }

/** Beside the button, so that it is in sight however long the plan is. */
function ConsentField({ consent, typed, onType, ticked, onTick }: ConsentFieldProps) {
  if (consent.kind === 'type') return (
    <label className="flex basis-full flex-wrap items-center gap-x-3 gap-y-1.5 pb-1 text-sm">
      <span className="min-w-0 flex-1 basis-64">The disk is not blank, and what is on it does not come back. Type <b className="font-mono">{consent.word}</b> to confirm.</span>
      <input className="field h-9 w-full font-mono sm:w-56" value={typed} onChange={(event) => onType(event.target.value)} autoComplete="off" autoCapitalize="none" spellCheck={false} aria-label="Name of the machine, to confirm" />
    </label>
  )
  if (consent.kind === 'tick') return (
    <label className="flex basis-full gap-3 pb-1 text-sm"><input type="checkbox" className="mt-0.5 size-4 accent-red" checked={ticked} onChange={(event) => onTick(event.target.checked)} />I know that {plural(consent.erased, 'disk')} with data {consent.erased === 1 ? 'is' : 'are'} erased and that it does not come back.</label>
  )
  return null
}
