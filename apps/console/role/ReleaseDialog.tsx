'use client'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { Machine } from '#contract/operator-api'
import { releaseMachine } from '../api/acts.ts'
import { faultSentence } from '../api/request.ts'
import { Button } from '../kit/Button.tsx'
import { Modal } from '../kit/Modal.tsx'
import { Notice } from '../kit/Notice.tsx'
import { useRoleTitles } from '../live/use-role-titles.ts'
import { useToast } from '../shell/Toasts.tsx'

/** Takes a machine out of the cloud; whether its disk is erased is a choice of its own, and confirmed by the machine's name. */
export function ReleaseDialog({ machine, onClose }: { machine: Machine, onClose: () => void }) {
  const client = useQueryClient()
  const say = useToast()
  const title = useRoleTitles()
  const [erase, setErase] = useState(false)
  const [typed, setTyped] = useState('')
  const [busy, setBusy] = useState(false)
  const [refusal, setRefusal] = useState('')
  const run = async () => {
    setBusy(true)
    try {
      await releaseMachine(client, machine.id, erase)
      say(`${machine.name} is being released.`)
      onClose()
    } catch (error) {
      setRefusal(faultSentence(error))
      setBusy(false)
    }
  }
  const cannotWhy = erase && typed !== machine.name ? `Type ${machine.name} to confirm that its disk is erased.` : undefined
  return (
    <Modal
      open onClose={onClose} title={`Release ${machine.name}?`} lead={`It leaves the cloud${machine.role ? `, stops being ${title(machine.role)}` : ''} and goes back to discovered. Apps on it move to other machines where there is room.`}
      footer={<><Button onClick={onClose}>Cancel</Button><Button tone={erase ? 'danger' : 'strong'} busy={busy} cannotWhy={cannotWhy} onClick={() => void run()}>{erase ? 'Release and erase' : 'Release'}</Button></>}
    >
      <fieldset className="flex flex-col gap-2">
        <legend className="label mb-2">Its disk</legend>
        {([[false, 'Keep the data', 'The disk stays as it is until a role is assigned again.'], [true, 'Erase the disk', 'Everything on it is overwritten or discarded. It does not come back.']] as const).map(([value, word, means]) => (
          <label key={word} className={`flex cursor-pointer items-start gap-3 rounded-lg border p-3 ${erase === value ? (value ? 'border-red' : 'border-mark bg-mark-wash') : 'border-line'}`}>
            <input type="radio" name="erase" checked={erase === value} onChange={() => setErase(value)} className="mt-1 accent-mark" />
            <span><span className="block font-medium">{word}</span><span className="block text-sm text-ink-2">{means}</span></span>
          </label>
        ))}
      </fieldset>
      {erase ? <label className="mt-4 block text-sm">Type <b className="font-mono">{machine.name}</b> to confirm.<input className="field mt-1.5 font-mono" value={typed} onChange={(event) => setTyped(event.target.value)} autoComplete="off" spellCheck={false} /></label> : null}
      {refusal ? <div className="mt-4"><Notice tone="error">{refusal}</Notice></div> : null}
    </Modal>
  )
}
