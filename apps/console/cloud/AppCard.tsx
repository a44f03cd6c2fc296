'use client'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import type { App } from '#contract/operator-api'
import { removeApp } from '../api/acts.ts'
import { appLogQuery, keys } from '../api/queries.ts'
import { faultSentence } from '../api/request.ts'
import { Button } from '../kit/Button.tsx'
import { Icon } from '../kit/Icon.tsx'
import { Modal } from '../kit/Modal.tsx'
import { Notice } from '../kit/Notice.tsx'
import { useAppRoom } from '../live/LiveProvider.tsx'
import { useNow } from '../live/use-now.ts'
import { LogView } from '../log/LogView.tsx'
import { useToast } from '../shell/Toasts.tsx'
import { formatAgo, safeText } from '../text/format.ts'

const states: Record<App['state'], { word: string, text: string, moving: boolean }> = {
  building: { word: 'Building', text: 'text-amber', moving: true }, pushing: { word: 'Pushing', text: 'text-amber', moving: true }, starting: { word: 'Starting', text: 'text-amber', moving: true },
  serving: { word: 'Serving', text: 'text-green', moving: false }, down: { word: 'Down', text: 'text-red', moving: false }, unknown: { word: 'Unknown', text: 'text-amber', moving: false }, failed: { word: 'Failed', text: 'text-red', moving: false },
}

/** One app: its state, address, instances and log. */
export function AppCard({ app }: { app: App }) {
  const [open, setOpen] = useState<'log' | 'remove'>()
  const now = useNow(5000)
  const { word, text, moving } = states[app.state]
  const running = app.instances.filter(({ state }) => state === 'running').length
  // A Manager reports every ten seconds: what is older is history.
  const seen = app.seenAt !== null && now - Date.parse(app.seenAt) > 45_000 ? formatAgo(app.seenAt, now) : null
  return (
    <article className="panel overflow-hidden" aria-label={`App ${app.name}`}>
      <header className="flex flex-wrap items-center gap-x-3 gap-y-1 border-b border-line px-4 py-3">
        <h3 className="plate text-lg leading-tight">{app.name}</h3>
        <span className={`flex items-center gap-1.5 text-sm font-medium ${text}`} aria-live="polite"><span aria-hidden className={`size-2 rounded-full bg-current ${moving ? 'breathe' : ''}`} />{word}</span>
        <span className="text-sm text-ink-3 max-sm:basis-full sm:ml-auto">{app.runtime}, version {app.version}, deployed {formatAgo(app.deployedAt, now)}</span>
      </header>
      <div className="flex flex-col gap-3 px-4 py-3 text-sm">
        <p className="flex flex-wrap items-center gap-x-4 gap-y-1">
          <a href={app.url} target="_blank" rel="noreferrer noopener" className="inline-flex min-w-0 items-center gap-1.5 break-all text-mark underline-offset-4 hover:underline"><Icon name="link" />{app.url.replace(/^http:\/\/|\/$/g, '')}</a>
          <span className="text-ink-2">{seen === null ? `${running} of ${app.instancesWanted} instances run` : `${running} of ${app.instancesWanted} instances ran when a Manager last reported, ${seen}`}</span>
        </p>
        {app.balancerUrl ? <Reach app={app} balancerUrl={app.balancerUrl} /> : null}
        {app.detail ? <p className={app.state === 'failed' || app.state === 'down' ? 'font-mono text-xs break-words text-red' : 'text-ink-2'}>{safeText(app.detail)}</p> : null}
        {app.warnings.map((warning) => <Notice key={warning} tone="warn">{warning}</Notice>)}
        <ul aria-label="Instances" className="flex flex-col gap-1">
          {app.instances.map((instance) => (
            <li key={instance.id} className="flex items-start gap-x-3">
              <span aria-hidden className={`mt-1.5 size-2 shrink-0 rounded-full ${seen !== null ? 'bg-ink-3' : instance.state === 'running' ? 'bg-green' : instance.error ? 'bg-red' : 'bg-amber'}`} />
              <div className="flex min-w-0 flex-wrap items-baseline gap-x-3">
                <span className="font-mono text-xs text-ink-3">{instance.id.slice(0, 12)}</span><span className="min-w-0 [overflow-wrap:anywhere]">{instance.machineName}</span><span className="text-ink-2">{instance.state}, {formatAgo(instance.since, now)}</span>
                {instance.error ? <span className="basis-full font-mono text-xs break-words text-red">{safeText(instance.error)}</span> : null}
              </div>
            </li>
          ))}
        </ul>
        <div className="flex gap-2"><Button small onClick={() => setOpen('log')}>Log</Button><Button small tone="ghost" onClick={() => setOpen('remove')}>Remove</Button></div>
      </div>
      {open === 'log' ? <AppLog name={app.name} onClose={() => setOpen(undefined)} /> : null}
      {open === 'remove' ? <RemoveApp name={app.name} onClose={() => setOpen(undefined)} /> : null}
    </article>
  )
}

/** Where the app's name leads nowhere, or not yet: the load balancer itself answers for it. */
function Reach({ app, balancerUrl }: { app: App, balancerUrl: string }) {
  const say = useToast()
  const command = `curl -H 'Host: ${app.domain}' ${balancerUrl}`
  const copy = () => navigator.clipboard.writeText(command).then(() => say('Copied.'), () => say('The browser does not let this page copy: select the line.', 'refused'))
  const local = new URL(app.url).hostname.endsWith('.localhost')
  return (
    <div className="text-xs text-ink-3">
      <p>{local ? <>The link works on the appliance's own machine. Its name in the cloud is <span className="font-mono">{app.domain}</span>; from a terminal:</> : <>The link works where <span className="font-mono">{app.domain}</span> leads to {new URL(balancerUrl).hostname}. Everywhere else:</>}</p>
      <p className="mt-1 flex items-center gap-2 rounded-md bg-well py-1 pr-1 pl-2.5"><code className="min-w-0 flex-1 font-mono [overflow-wrap:anywhere] text-ink-2">{command}</code><button type="button" onClick={() => void copy()} aria-label="Copy the command" title="Copy" className="shrink-0 rounded p-1.5 text-ink-3 hover:bg-raised hover:text-ink"><Icon name="copy" /></button></p>
    </div>
  )
}

function AppLog({ name, onClose }: { name: string, onClose: () => void }) {
  const log = useQuery(appLogQuery(useQueryClient(), name))
  useAppRoom(name, log.isFetched)
  return (
    <Modal open wide onClose={onClose} title={`Log of ${name}`}>
      <div className="-mx-5 -my-4"><LogView lines={log.data ?? []} loading={log.isPending} fault={log.error} emptyText="The app has not printed anything yet." /></div>
    </Modal>
  )
}

function RemoveApp({ name, onClose }: { name: string, onClose: () => void }) {
  const client = useQueryClient()
  const say = useToast()
  const [busy, setBusy] = useState(false)
  const run = async () => {
    setBusy(true)
    await removeApp(name).then(() => say(`${name} is removed.`), (error: unknown) => say(faultSentence(error), 'refused'))
    await client.invalidateQueries({ queryKey: keys.cloud })
    onClose()
  }
  return (
    <Modal open onClose={onClose} title={`Remove ${name}?`} footer={<><Button onClick={onClose}>Cancel</Button><Button tone="danger" busy={busy} onClick={() => void run()}>Remove</Button></>}>
      <p className="text-ink-2">Its instances stop and its address no longer answers.</p>
    </Modal>
  )
}
