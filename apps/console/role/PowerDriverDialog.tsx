'use client'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { explainOption, type OptionField, optionFields, parseOptions } from '#contract/options-form'
import type { Machine } from '#contract/operator-api'
import { configurePower } from '../api/acts.ts'
import { powerDriversQuery } from '../api/queries.ts'
import { faultSentence } from '../api/request.ts'
import { Notice, Skeleton } from '../kit/Notice.tsx'
import { useToast } from '../shell/Toasts.tsx'
import { Ask } from './SmallDialogs.tsx'

/** Chooses how a machine is switched on and off. The form is made from what the appliance says of each driver. */
export function PowerDriverDialog({ machine, onClose }: { machine: Machine, onClose: () => void }) {
  const client = useQueryClient()
  const say = useToast()
  const drivers = useQuery(powerDriversQuery)
  const [chosen, setChosen] = useState(machine.power.driver)
  const [typed, setTyped] = useState<Readonly<Record<string, string>>>(() => Object.fromEntries(Object.entries(machine.power.options).map(([name, value]) => [name, String(value)])))
  const driver = drivers.data?.find(({ id }) => id === chosen)
  const fields = driver ? optionFields(driver.options) : []
  const stored = chosen === machine.power.driver
  const act = async () => {
    const options = parseOptions(fields, Object.fromEntries(fields.map(({ name }) => [name, typed[name] ?? ''])), stored)
    if (!options.ok) throw new Error(explainOption(options.fault))
    await configurePower(client, machine.id, chosen, options.value)
    say('The power driver is changed.')
  }
  return (
    <Ask title="Power driver" lead={`How ${machine.name} is switched on and off.`} word="Save" onClose={onClose} act={act}>
      {drivers.error ? <Notice tone="error">{faultSentence(drivers.error)}</Notice> : null}
      {drivers.isPending ? <Skeleton rows={2} height="h-9" /> : null}
      {drivers.data ? (
        <label className="flex flex-col gap-1.5"><span className="label">Driver</span>
          <select className="field" value={chosen} onChange={(event) => setChosen(event.target.value)}>
            {drivers.data.map(({ id, title }) => <option key={id} value={id}>{title}</option>)}
            {driver ? null : <option value={chosen}>{chosen}, no longer available</option>}
          </select>
          {driver?.cannotWhy ? <span className="text-xs text-ink-3">Note: {driver.cannotWhy}.</span> : null}
        </label>
      ) : null}
      {fields.map((field) => <Option key={`${chosen} ${field.name}`} field={field} stored={stored} value={typed[field.name] ?? ''} onChange={(value) => setTyped((held) => ({ ...held, [field.name]: value }))} />)}
      {driver && fields.length === 0 ? <p className="text-sm text-ink-2">It needs to be told nothing.</p> : null}
    </Ask>
  )
}

function Option({ field, stored, value, onChange }: { field: OptionField, stored: boolean, value: string, onChange: (value: string) => void }) {
  const { kind, title, help, required, secret, initial, choices } = field
  const note = help || (secret && stored ? 'Leave it empty to keep the one that is stored.' : required ? '' : initial ? `${initial} where it is empty.` : 'May stay empty.')
  return (
    <label className="flex flex-col gap-1.5"><span className="label">{title}</span>
      {kind === 'choice' || kind === 'boolean'
        ? <select className="field" value={value} onChange={(event) => onChange(event.target.value)}>{required ? <option value="" disabled>Choose</option> : <option value="">{initial ? `Default: ${initial}` : 'Not set'}</option>}{(kind === 'boolean' ? ['true', 'false'] : choices).map((choice) => <option key={choice} value={choice}>{kind === 'boolean' ? (choice === 'true' ? 'Yes' : 'No') : choice}</option>)}</select>
        : <input className={`field ${secret ? '' : 'font-mono'}`} type={secret ? 'password' : 'text'} inputMode={kind === 'number' ? 'numeric' : undefined} value={value} placeholder={initial} onChange={(event) => onChange(event.target.value)} autoComplete={secret ? 'new-password' : 'off'} spellCheck={false} />}
      {note ? <span className="text-xs text-ink-3">{note}</span> : null}
    </label>
  )
}
