'use client'
import { useQueryClient } from '@tanstack/react-query'
import { type FormEvent, type ReactNode, useState } from 'react'
import { type Machine, RenameRequest } from '#contract/operator-api'
import { configurePower, forgetMachine, renameMachine } from '../api/acts.ts'
import { faultSentence } from '../api/request.ts'
import { Button } from '../kit/Button.tsx'
import { Modal } from '../kit/Modal.tsx'
import { useToast } from '../shell/Toasts.tsx'

interface AskProps { title: string, lead?: ReactNode, word: string, danger?: boolean, children?: ReactNode, onClose: () => void, act: () => Promise<unknown> }

/** A dialog with one act: does it, closes, or says why not. */
function Ask({ title, lead, word, danger = false, children, onClose, act }: AskProps) {
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

const drivers = [['manual', 'By hand: a person presses the button'], ['wake-on-lan', 'Wake-on-LAN: can only switch on'], ['lab', 'Lab: a virtual machine of this appliance']] as const

/** Chooses how a machine is switched on and off. */
export function PowerDriverDialog({ machine, onClose }: { machine: Machine, onClose: () => void }) {
  const client = useQueryClient()
  const say = useToast()
  const [driver, setDriver] = useState(machine.power.driver)
  const [options, setOptions] = useState('{}')
  const act = async () => {
    await configurePower(client, machine.id, driver, parseOptions(options))
    say('The power driver is changed.')
  }
  return (
    <Ask title="Power driver" lead={`How ${machine.name} is switched on and off.`} word="Save" onClose={onClose} act={act}>
      <label className="flex flex-col gap-1.5"><span className="label">Driver</span>
        <select className="field" value={driver} onChange={(event) => setDriver(event.target.value)}>
          {[...drivers, ...(drivers.some(([id]) => id === machine.power.driver) ? [] : [[machine.power.driver, machine.power.driver] as const])].map(([id, title]) => <option key={id} value={id}>{title}</option>)}
        </select>
      </label>
      <label className="flex flex-col gap-1.5"><span className="label">Options, as JSON</span><textarea className="field font-mono text-sm" rows={3} value={options} onChange={(event) => setOptions(event.target.value)} spellCheck={false} /><span className="text-xs text-ink-3">Most machines need none: {'{}'}. The appliance says what a driver misses.</span></label>
    </Ask>
  )
}

function parseOptions(text: string): Record<string, unknown> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new Error('The options are not JSON. Use {} for none.', { cause })
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error('The options must be one JSON object, such as {}.')
  return value as Record<string, unknown>
}
