'use client'
import { useQueryClient } from '@tanstack/react-query'
import { type FormEvent, type ReactNode, useState } from 'react'
import { type Machine, RenameRequest } from '#contract/operator-api'
import { forgetMachine, renameMachine } from '../api/acts.ts'
import { faultSentence } from '../api/request.ts'
import { Button } from '../kit/Button.tsx'
import { Modal } from '../kit/Modal.tsx'

interface AskProps { title: string, lead?: ReactNode, word: string, danger?: boolean, children?: ReactNode, onClose: () => void, act: () => Promise<unknown> }

/** A dialog with one act: does it, closes, or says why not. */
export function Ask({ title, lead, word, danger = false, children, onClose, act }: AskProps) {
  const [busy, setBusy] = useState(false)
  const [refusal, setRefusal] = useState('')
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    setBusy(true)
    setRefusal('')
    try {
      await act()
      onClose()
    } catch (error) {
      setRefusal(faultSentence(error))
      setBusy(false)
    }
  }
  return (
    <Modal open onClose={onClose} title={title} lead={lead} footer={<><Button onClick={onClose}>Cancel</Button><Button type="submit" form="ask" tone={danger ? 'danger' : 'strong'} busy={busy}>{word}</Button></>}>
      <form id="ask" onSubmit={(event) => void submit(event)} className="flex flex-col gap-4">
        {children}
        {refusal ? <p role="alert" className="text-sm text-red">{refusal}</p> : null}
      </form>
    </Modal>
  )
}

/** Gives a machine another host name. */
export function RenameDialog({ machine, onClose }: { machine: Machine, onClose: () => void }) {
  const client = useQueryClient()
  const [name, setName] = useState(machine.name)
  const act = async () => {
    const checked = RenameRequest.safeParse({ name })
    if (!checked.success) throw new Error(`Use ${checked.error.issues[0]?.message ?? 'a host name'}.`)
    await renameMachine(client, machine.id, name)
  }
  return (
    <Ask title={`Rename ${machine.name}`} word="Rename" onClose={onClose} act={act}>
      <label className="flex flex-col gap-1.5"><span className="label">Host name</span><input className="field font-mono" value={name} onChange={(event) => setName(event.target.value)} maxLength={63} autoFocus autoComplete="off" spellCheck={false} /><span className="text-xs text-ink-3">Lower-case letters, digits and hyphens.</span></label>
    </Ask>
  )
}

/** Removes a machine from the list. */
export function ForgetDialog({ machine, onClose, onForgotten }: { machine: Machine, onClose: () => void, onForgotten: () => void }) {
  const client = useQueryClient()
  const act = async () => {
    await forgetMachine(client, machine.id)
    onForgotten()
  }
  return <Ask title={`Forget ${machine.name}?`} word="Forget" danger onClose={onClose} act={act} lead="Its name, timeline and identity leave the appliance; its disk is not touched. If it boots from the network again, it appears as a new machine." />
}
