'use client'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { Network, NetworkPatch } from '#contract/network-api'
import { changeNetwork } from '../api/network-acts.ts'
import { faultSentence } from '../api/request.ts'
import { Section } from '../kit/Page.tsx'
import { Ask } from '../role/SmallDialogs.tsx'
import { useToast } from '../shell/Toasts.tsx'

interface Choice<T> { value: T, word: string, means: string }
const modes: readonly Choice<Network['mode']>[] = [
  { value: 'full', word: 'DHCP server', means: 'This appliance gives addresses and says what to boot.' },
  { value: 'proxy', word: 'proxyDHCP', means: 'Another server gives addresses; this appliance only says what to boot. Ranges, reservations, lease time and options here then do nothing.' },
]
const policies: readonly Choice<Network['policy']>[] = [
  { value: 'discover', word: 'Discover', means: 'An unknown machine boots the ramdisk and appears in the fleet.' },
  { value: 'ignore', word: 'Ignore', means: 'An unknown machine gets no boot file and boots as if this appliance were not here.' },
]

/** The two choices that change how a network behaves at once: who gives addresses, and what unknown machines get. */
export function ModePanel({ network }: { network: Network }) {
  const client = useQueryClient()
  const say = useToast()
  const [asked, setAsked] = useState<NetworkPatch>()
  const [mode, setMode] = useState<Network['mode']>()
  const change = async (patch: NetworkPatch, done: string) => {
    setAsked(patch)
    await changeNetwork(client, network.id, patch).then(() => say(done), (error: unknown) => say(faultSentence(error), 'refused'))
    setAsked(undefined)
  }
  const toFull = network.otherServers.length > 0 ? ` ${network.otherServers.join(', ')} answered there a short time ago: ${network.whenOtherServer === 'refuse' ? 'no address is given while it does.' : 'turn it off first, or two servers give addresses.'}` : ''
  const runOn = network.leasesActive > 0 ? ` The ${network.leasesActive === 1 ? 'lease that it gave runs' : `${network.leasesActive} leases that it gave run`} on: until they end, the other server must not give those addresses to others.` : ''
  const toProxy = `${network.otherServers.length > 0 ? `${network.otherServers.join(', ')} was heard here and must give them.` : 'No other DHCP server was heard here: without one, nothing boots.'} That server needs no boot options.${runOn}`
  return (
    <Section title="How it serves">
      <div className="flex flex-col gap-5 px-4 py-4">
        <Radios legend="Mode" name={`mode-${network.id}`} choices={modes} value={network.mode} busy={asked !== undefined} onChoose={setMode} />
        <Radios legend="Unknown machines" name={`policy-${network.id}`} choices={policies} value={asked?.policy ?? network.policy} busy={asked !== undefined} onChoose={(policy) => void change({ policy }, `Unknown machines on ${network.title}: ${policy}.`)} />
      </div>
      {mode ? (
        <Ask
          title={mode === 'proxy' ? 'Let another server give addresses?' : 'Give addresses here?'} word="Switch" onClose={() => setMode(undefined)} act={() => changeNetwork(client, network.id, { mode }).then(() => say(`${network.title} is now in mode ${mode}.`))}
          lead={mode === 'proxy' ? `From the next packet on, this appliance gives nobody an address. ${toProxy}` : `From the next packet on, this appliance gives addresses from ${network.rangeFrom} to ${network.rangeTo}.${toFull}`}
        />
      ) : null}
    </Section>
  )
}

function Radios<T extends string>({ legend, name, choices, value, busy, onChoose }: { legend: string, name: string, choices: readonly Choice<T>[], value: T, busy: boolean, onChoose: (value: T) => void }) {
  return (
    <fieldset disabled={busy}>
      <legend className="label mb-2">{legend}</legend>
      <div className="grid gap-2 sm:grid-cols-2 xl:grid-cols-1 2xl:grid-cols-2">
        {choices.map((choice) => (
          <label key={choice.value} className={`flex cursor-pointer items-start gap-3 rounded-lg border p-3 ${value === choice.value ? 'border-mark bg-mark-wash' : 'border-line hover:border-line-2'}`}>
            <input type="radio" name={name} checked={value === choice.value} onChange={() => onChoose(choice.value)} className="mt-1 accent-mark" />
            <span><span className="block font-medium">{choice.word}</span><span className="block text-sm text-ink-2">{choice.means}</span></span>
          </label>
        ))}
      </div>
    </fieldset>
  )
}
