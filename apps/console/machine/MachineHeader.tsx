'use client'
import { useQueryClient } from '@tanstack/react-query'
import { useRouter } from 'next/navigation'
import { DropdownMenu } from 'radix-ui'
import { useState } from 'react'
import { isAllowed, type MachineAct } from '#contract/lifecycle'
import type { Machine } from '#contract/operator-api'
import { retryMachine } from '../api/acts.ts'
import { faultSentence } from '../api/request.ts'
import { Button } from '../kit/Button.tsx'
import { Icon } from '../kit/Icon.tsx'
import { useNow } from '../live/use-now.ts'
import { useRoleTitles } from '../live/use-role-titles.ts'
import { pages } from '../paths.ts'
import { PowerDriverDialog } from '../role/PowerDriverDialog.tsx'
import { ReleaseDialog } from '../role/ReleaseDialog.tsx'
import { RoleDialog } from '../role/RoleDialog.tsx'
import { ForgetDialog, RenameDialog } from '../role/SmallDialogs.tsx'
import { useToast } from '../shell/Toasts.tsx'
import { formatDate, formatSpan } from '../text/format.ts'
import { PhaseBadge, phaseLooks } from './PhaseBadge.tsx'
import { PowerButtons } from './PowerButtons.tsx'

type Dialog = 'role' | 'release' | 'rename' | 'forget' | 'power-driver'

/** Name, phase, role, power, and every act that this phase allows; the others say why not. */
export function MachineHeader({ machine }: { machine: Machine }) {
  const [dialog, setDialog] = useState<Dialog>()
  const router = useRouter()
  const now = useNow()
  const title = useRoleTitles()
  const close = () => setDialog(undefined)
  const facts = [machine.mac, machine.address, machine.bootPath].filter((text): text is string => Boolean(text))
  return (
    <header className="panel px-4 py-4 sm:px-5">
      <div className="flex flex-wrap items-start gap-x-8 gap-y-4">
        <div className="min-w-0 flex-1 basis-72">
          <div className="flex flex-wrap items-center gap-x-4 gap-y-1">
            <h1 className="plate text-[1.9rem] leading-none [overflow-wrap:anywhere]">{machine.name}</h1>
            <span aria-live="polite"><PhaseBadge phase={machine.phase} large /></span>
            <span className="text-sm text-ink-3" title={formatDate(machine.phaseSince)}>for {formatSpan(now - Date.parse(machine.phaseSince))}{machine.phaseDeadline ? `, given up after ${formatSpan(Date.parse(machine.phaseDeadline) - Date.parse(machine.phaseSince))}` : ''}</span>
          </div>
          <p className="mt-2 text-sm text-ink-2">{describeState(machine)} {machine.role ? <>Role: <b className="font-semibold text-ink">{title(machine.role)}</b>.</> : machine.intent.role ? <>Will be <b className="font-semibold text-ink">{title(machine.intent.role)}</b>.</> : null}</p>
          <p className="mt-1 flex flex-wrap gap-x-4 font-mono text-xs text-ink-3">{facts.map((fact) => <span key={fact} className="break-all">{fact}</span>)}</p>
        </div>
        <div className="flex flex-wrap items-center gap-2">
          <PowerButtons machine={machine} />
          <span aria-hidden className="mx-1 h-6 w-px bg-line max-sm:hidden" />
          {machine.phase === 'failed' ? <RetryButton machine={machine} /> : null}
          <Button tone={machine.phase === 'failed' ? 'plain' : 'strong'} cannotWhy={whyNot('assignRole', machine)} onClick={() => setDialog('role')}>{machine.role ? 'Change role' : 'Assign a role'}</Button>
          <Menu machine={machine} onPick={setDialog} />
        </div>
      </div>
      {dialog === 'role' ? <RoleDialog machines={[machine]} onClose={close} /> : null}
      {dialog === 'release' ? <ReleaseDialog machine={machine} onClose={close} /> : null}
      {dialog === 'rename' ? <RenameDialog machine={machine} onClose={close} /> : null}
      {dialog === 'power-driver' ? <PowerDriverDialog machine={machine} onClose={close} /> : null}
      {dialog === 'forget' ? <ForgetDialog machine={machine} onClose={close} onForgotten={() => router.replace(pages.fleet())} /> : null}
    </header>
  )
}

/** What its phase means; of a ready machine also which of its services do not answer now. */
function describeState({ phase, services }: Machine): string {
  const silent = services.filter(({ healthy }) => !healthy)
  if (phase !== 'ready' || silent.length === 0) return phaseLooks[phase].means
  return silent.length === 1 ? `${silent[0]?.name} does not answer now.` : `${silent.length} of its ${services.length} services do not answer now.`
}

function RetryButton({ machine }: { machine: Machine }) {
  const client = useQueryClient()
  const say = useToast()
  const [busy, setBusy] = useState(false)
  const run = async () => {
    setBusy(true)
    await retryMachine(client, machine.id).catch((error: unknown) => say(faultSentence(error), 'refused'))
    setBusy(false)
  }
  return <Button tone="strong" icon="cycle" busy={busy} cannotWhy={whyNot('retry', machine)} onClick={() => void run()}>Retry</Button>
}

/** Why an act is not possible in this phase, as a sentence; undefined where it is. */
function whyNot(act: MachineAct, { phase, name }: Machine): string | undefined {
  return isAllowed(act, phase) ? undefined : `Not while ${name} is ${phaseLooks[phase].word.toLowerCase()}. ${phaseLooks[phase].means}`
}

function Menu({ machine, onPick }: { machine: Machine, onPick: (dialog: Dialog) => void }) {
  const items: readonly { dialog: Dialog, word: string, cannotWhy: string | undefined }[] = [
    { dialog: 'rename', word: 'Rename', cannotWhy: whyNot('rename', machine) },
    { dialog: 'power-driver', word: 'Power driver', cannotWhy: undefined },
    { dialog: 'release', word: 'Release', cannotWhy: whyNot('release', machine) },
    { dialog: 'forget', word: 'Forget', cannotWhy: whyNot('forget', machine) },
  ]
  return (
    <DropdownMenu.Root>
      <DropdownMenu.Trigger asChild><button type="button" aria-label="More acts" className="grid size-9 place-items-center rounded-[7px] border border-line-2 bg-panel hover:bg-raised"><Icon name="more" /></button></DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content align="end" sideOffset={6} collisionPadding={12} className="arrive z-40 min-w-44 rounded-lg border border-line bg-panel p-1 shadow-lift">
          {items.map(({ dialog, word, cannotWhy }) => (
            <DropdownMenu.Item key={dialog} disabled={cannotWhy !== undefined} title={cannotWhy} onSelect={() => onPick(dialog)} className="max-w-64 cursor-pointer rounded-md px-3 py-1.5 text-sm outline-none data-[disabled]:cursor-not-allowed data-[disabled]:text-ink-3 data-[highlighted]:bg-mark-wash">
              {word}{cannotWhy ? <span className="block text-xs">Not in this phase</span> : null}
            </DropdownMenu.Item>
          ))}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  )
}
