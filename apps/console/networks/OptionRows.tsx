'use client'
import { optionKinds, optionTypes, type OptionType } from '#contract/dhcp-options'
import { Button } from '../kit/Button.tsx'
import { Icon } from '../kit/Icon.tsx'
import type { OptionDraft } from './settings-draft.ts'

const hints: Record<OptionType, string> = { text: 'text', address: '10.77.0.1', addresses: '10.77.0.1, 10.77.0.2', integer: '9000', boolean: 'yes or no', hex: '00 ff', domains: 'lab.test, example.org', routes: '10.0.0.0/8 via 10.77.0.1' }

/** More DHCP options, one a line: one that is known by name, or any number with a type. */
export function OptionRows({ options, onChange }: { options: readonly OptionDraft[], onChange: (options: readonly OptionDraft[]) => void }) {
  const change = (at: number, part: Partial<OptionDraft>) => onChange(options.map((one, index) => (index === at ? { ...one, ...part } : one)))
  return (
    <fieldset>
      <legend className="label mb-1.5">More DHCP options</legend>
      <ul className="flex flex-col gap-2">
        {options.map((one, at) => {
          const known = optionKinds.find(({ name }) => name === one.option)
          return (
            // oxlint-disable-next-line react/no-array-index-key -- a line has no other identity while its name is being chosen
            <li key={at} className="flex flex-wrap items-center gap-2 rounded-lg border border-line p-2">
              <select aria-label="Option" className="field min-w-36 flex-1 basis-40 text-sm" value={known ? one.option : 'number'} onChange={(event) => { const next = optionKinds.find(({ name }) => name === event.target.value); change(at, next ? { option: next.name, type: next.type } : { option: '224', type: 'text' }) }}>
                {optionKinds.map(({ code, name }) => <option key={code} value={name}>{name} ({code})</option>)}
                <option value="number">by number…</option>
              </select>
              {known ? null : <input aria-label="Number" className="field w-16 font-mono text-sm" value={one.option} onChange={(event) => change(at, { option: event.target.value })} inputMode="numeric" />}
              {known ? null : <select aria-label="Type" className="field w-28 text-sm" value={one.type} onChange={(event) => change(at, { type: event.target.value as OptionType })}>{optionTypes.map((type) => <option key={type}>{type}</option>)}</select>}
              <span className="flex flex-1 basis-64 items-center gap-2">
                <input aria-label="Value" className="field min-w-0 flex-1 font-mono text-sm" value={one.value} onChange={(event) => change(at, { value: event.target.value })} placeholder={hints[one.type]} spellCheck={false} />
                <button type="button" aria-label={`Remove option ${one.option}`} onClick={() => onChange(options.filter((_, index) => index !== at))} className="rounded p-1.5 text-ink-3 hover:bg-raised hover:text-ink"><Icon name="cross" /></button>
              </span>
            </li>
          )
        })}
      </ul>
      <Button small className="mt-2" onClick={() => onChange([...options, { option: 'interface-mtu', type: 'integer', value: '' }])}>Add an option</Button>
    </fieldset>
  )
}
