'use client'
import { useQueryClient } from '@tanstack/react-query'
import { type FormEvent, type ReactNode, useState } from 'react'
import type { Network } from '#contract/network-api'
import { changeNetwork } from '../api/network-acts.ts'
import { faultSentence } from '../api/request.ts'
import { Button } from '../kit/Button.tsx'
import { Section } from '../kit/Page.tsx'
import { useToast } from '../shell/Toasts.tsx'
import { OptionRows } from './OptionRows.tsx'
import { draftOf, readDraft, type SettingsDraft } from './settings-draft.ts'

/** What clients of the network are told, and what is given out. Nothing changes before Save; then it counts from the next packet on. */
export function SettingsForm({ network }: { network: Network }) {
  const client = useQueryClient()
  const say = useToast()
  const [touched, setTouched] = useState<SettingsDraft>()
  const [busy, setBusy] = useState(false)
  const [refusal, setRefusal] = useState('')
  const draft = touched ?? draftOf(network)
  const edit = (change: Partial<SettingsDraft>) => { setTouched({ ...draft, ...change }); setRefusal('') }
  const save = async (event: FormEvent) => {
    event.preventDefault()
    const read = readDraft(network, draft)
    if (!read.ok) return setRefusal(read.fault.sentence)
    setBusy(true)
    await changeNetwork(client, network.id, read.value).then(() => { setTouched(undefined); say('Saved. It counts from the next packet on.') }, (error: unknown) => setRefusal(faultSentence(error)))
    setBusy(false)
  }
  const text = (key: 'title' | 'gateway' | 'dns' | 'ntp' | 'domain' | 'lease' | 'ipv6Prefix', mono = true) => <input className={`field text-sm ${mono ? 'font-mono' : ''}`} value={draft[key]} onChange={(event) => edit({ [key]: event.target.value })} autoComplete="off" spellCheck={false} />
  const lines = (key: 'ranges' | 'excluded', placeholder: string) => <textarea className="field font-mono text-sm" rows={Math.min(6, Math.max(1, draft[key].split('\n').length))} value={draft[key]} onChange={(event) => edit({ [key]: event.target.value })} placeholder={placeholder} spellCheck={false} />
  return (
    <Section title="Settings">
      <form onSubmit={(event) => void save(event)} className="flex flex-col gap-4 px-4 py-4">
        {network.mode === 'proxy' ? <p className="text-sm text-ink-2">In mode proxyDHCP the other server decides what machines are told: of these, only the title and IPv6 count now. The rest is kept for mode DHCP server.</p> : null}
        <div className="grid gap-x-4 gap-y-3 sm:grid-cols-2">
          <Field name="Title">{text('title', false)}</Field>
          <Field name="Lease time" hint="Seconds, or 10m, 1h, 1d.">{text('lease')}</Field>
          <Field name="Ranges" hint="Given out. FROM - TO, one a line." wide>{lines('ranges', 'none: only reserved addresses')}</Field>
          <Field name="Excluded" hint="Left out of the ranges." wide>{lines('excluded', 'none')}</Field>
          <Field name="Gateway" hint="Empty: clients get no router.">{text('gateway')}</Field>
          <Field name="Domain">{text('domain')}</Field>
          <Field name="DNS servers">{text('dns')}</Field>
          <Field name="Time servers">{text('ntp')}</Field>
          <Field name="IPv6 prefix" hint="Such as fd12:3456:789a:1::/64: machines get addresses of it too, and boot by IPv6. Empty: no IPv6." wide>{text('ipv6Prefix')}</Field>
        </div>
        <label className="flex flex-col gap-1.5"><span className="label">Where another DHCP server answers</span>
          <select className="field text-sm" value={draft.whenOtherServer} onChange={(event) => edit({ whenOtherServer: event.target.value as Network['whenOtherServer'] })}>
            <option value="warn">Go on, and warn</option><option value="refuse">Stand back: give no addresses while it is there</option>
          </select>
        </label>
        <label className="flex items-start gap-2.5 text-sm"><input type="checkbox" className="mt-0.5 size-4 accent-mark" checked={draft.authoritative} onChange={(event) => edit({ authoritative: event.target.checked })} /><span>Authoritative<span className="block text-xs text-ink-3">A client that asks for an address unknown here is refused at once. Only where no other DHCP server is.</span></span></label>
        <OptionRows options={draft.options} onChange={(options) => edit({ options })} />
        {refusal ? <p role="alert" className="text-sm text-red">{refusal}</p> : null}
        <div className="flex gap-2">
          <Button type="submit" tone="strong" busy={busy} cannotWhy={touched === undefined ? 'Nothing is changed yet.' : undefined}>Save</Button>
          {touched ? <Button onClick={() => { setTouched(undefined); setRefusal('') }}>Discard</Button> : null}
        </div>
      </form>
    </Section>
  )
}

function Field({ name, hint, wide = false, children }: { name: string, hint?: string, wide?: boolean, children: ReactNode }) {
  return <label className={`flex min-w-0 flex-col gap-1.5 ${wide ? 'sm:col-span-2' : ''}`}><span className="label">{name}</span>{children}{hint ? <span className="text-xs text-ink-3">{hint}</span> : null}</label>
}
