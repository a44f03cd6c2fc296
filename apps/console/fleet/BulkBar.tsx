'use client'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { isAllowed } from '#contract/lifecycle'
import type { Machine } from '#contract/operator-api'
import { powerMachine } from '../api/acts.ts'
import { faultSentence } from '../api/request.ts'
import { Button } from '../kit/Button.tsx'
import { Modal } from '../kit/Modal.tsx'
import { RoleDialog } from '../role/RoleDialog.tsx'
import { useToast } from '../shell/Toasts.tsx'
import { plural } from '../text/format.ts'

type PowerAct = 'on' | 'off' | 'cycle'
const powerWords: Record<PowerAct, string> = { on: 'Switch on', off: 'Switch off', cycle: 'Restart' }

/** What can be done to all chosen machines at once. */
export function BulkBar({ machines, onClear }: { machines: readonly Machine[], onClear: () => void }) {
  const [assigning, setAssigning] = useState(false)
  const [power, setPower] = useState<PowerAct>()
  const assignable = machines.filter(({ phase }) => isAllowed('assignRole', phase))
  const able = (act: PowerAct) => machines.filter((machine) => machine.power.can.includes(act) && isAllowed('power', machine.phase))
  return (
    <>
      <div role="toolbar" aria-label="Chosen machines" className="arrive fixed inset-x-3 bottom-[4.75rem] z-20 mx-auto flex w-fit max-w-[calc(100%-1.5rem)] flex-wrap items-center gap-2 rounded-xl border border-line-2 bg-panel px-3 py-2 shadow-lift lg:bottom-5 lg:left-[13.5rem]">
        <span className="px-1 text-sm font-medium" aria-live="polite">{plural(machines.length, 'machine')} chosen</span>
        <Button small tone="strong" cannotWhy={assignable.length === 0 ? 'None of them can take a role now: a role needs a machine that is discovered, ready, silent or failed.' : undefined} onClick={() => setAssigning(true)}>Assign a role</Button>
        {(['on', 'off', 'cycle'] as const).map((act) => <Button key={act} small cannotWhy={able(act).length === 0 ? (machines[0]?.power.cannotWhy || 'Their power drivers cannot do this.') : undefined} onClick={() => setPower(act)}>{powerWords[act]}</Button>)}
        <Button small tone="ghost" icon="cross" onClick={onClear}>Clear</Button>
      </div>
      {assigning ? <RoleDialog machines={assignable} onClose={() => setAssigning(false)} /> : null}
      {power ? <PowerDialog act={power} machines={able(power)} onClose={() => setPower(undefined)} /> : null}
    </>
  )
}

function PowerDialog({ act, machines, onClose }: { act: PowerAct, machines: readonly Machine[], onClose: () => void }) {
  const client = useQueryClient()
  const say = useToast()
  const [busy, setBusy] = useState(false)
  const serving = act === 'on' ? [] : machines.filter(({ phase }) => phase === 'ready' || phase === 'deploying' || phase === 'starting')
  const run = async () => {
    setBusy(true)
    const outcomes = await Promise.allSettled(machines.map((machine) => powerMachine(client, machine.id, act)))
    const refused = outcomes.flatMap((outcome, index) => (outcome.status === 'rejected' ? [`${machines[index]?.name}: ${faultSentence(outcome.reason)}`] : []))
    if (refused.length > 0) say(refused.join(' '), 'refused')
    else say(`${powerWords[act]}: asked of ${plural(machines.length, 'machine')}.`)
    onClose()
  }
  return (
    <Modal open onClose={onClose} title={`${powerWords[act]} ${plural(machines.length, 'machine')}?`} footer={<><Button onClick={onClose}>Cancel</Button><Button tone={serving.length > 0 ? 'danger' : 'strong'} busy={busy} onClick={() => void run()}>{powerWords[act]}</Button></>}>
      <p className="break-words text-ink-2">{machines.map(({ name }) => name).join(', ')}</p>
      {serving.length > 0 ? <p className="mt-3 text-red">{serving.map(({ name }) => name).join(', ')} {serving.length === 1 ? 'is' : 'are'} at work. What runs there is interrupted.</p> : null}
    </Modal>
  )
}
