'use client'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { isAllowed } from '#contract/lifecycle'
import type { Machine } from '#contract/operator-api'
import { powerMachine } from '../api/acts.ts'
import { faultSentence } from '../api/request.ts'
import { Button } from '../kit/Button.tsx'
import type { IconName } from '../kit/Icon.tsx'
import { Modal } from '../kit/Modal.tsx'
import { useToast } from '../shell/Toasts.tsx'
import { asSentence } from '../text/format.ts'

type Act = Machine['power']['can'][number]
const looks: Record<Act, { word: string, icon: IconName }> = { on: { word: 'On', icon: 'power' }, off: { word: 'Off', icon: 'power' }, cycle: { word: 'Restart', icon: 'cycle' } }

/** Switches the machine; what its driver cannot do is grey and says why. What interrupts work is asked first. */
export function PowerButtons({ machine }: { machine: Machine }) {
  const client = useQueryClient()
  const say = useToast()
  const [busy, setBusy] = useState<Act>()
  const [asking, setAsking] = useState<Act>()
  const { power, phase } = machine
  const run = async (act: Act) => {
    setAsking(undefined)
    setBusy(act)
    await powerMachine(client, machine.id, act).then(() => say(`${looks[act].word}: asked of ${machine.name}.`), (error: unknown) => say(faultSentence(error), 'refused'))
    setBusy(undefined)
  }
  const interrupts = phase === 'ready' || phase === 'deploying' || phase === 'starting' || phase === 'releasing'
  const cannot = (act: Act): string | undefined => {
    if (!power.can.includes(act)) return asSentence(power.cannotWhy) || `The power driver "${power.driver}" cannot do this.`
    if (!isAllowed('power', phase)) return 'Not in this phase.'
    if (act === 'on' && power.state === 'on') return 'It is on already.'
    if (act === 'off' && power.state === 'off') return 'It is off already.'
    return undefined
  }
  const state = { on: ['bg-green', 'Power on'], off: ['bg-line-2', 'Power off'], unknown: ['bg-amber', 'Power not known'] } as const
  const [light, said] = state[power.state]
  return (
    <div role="group" aria-label="Power" className="flex flex-wrap items-center gap-2">
      <span className="flex items-center gap-1.5 pr-1 text-sm text-ink-2 max-sm:basis-full" title={`Driver: ${power.driver}`}><span aria-hidden className={`size-2 rounded-full ${light}`} />{said}</span>
      {(['on', 'off', 'cycle'] as const).map((act) => <Button key={act} icon={looks[act].icon} busy={busy === act} cannotWhy={cannot(act)} onClick={() => (act !== 'on' && interrupts ? setAsking(act) : void run(act))}>{looks[act].word}</Button>)}
      {asking ? (
        <Modal open onClose={() => setAsking(undefined)} title={`${asking === 'off' ? 'Switch off' : 'Restart'} ${machine.name}?`} footer={<><Button onClick={() => setAsking(undefined)}>Cancel</Button><Button tone="danger" onClick={() => void run(asking)}>{asking === 'off' ? 'Switch off' : 'Restart'}</Button></>}>
          <p className="text-ink-2">{phase === 'ready' ? 'Its services and the apps on it stop.' : 'It is in the middle of its work; the running step starts again when it comes back.'}</p>
        </Modal>
      ) : null}
    </div>
  )
}
