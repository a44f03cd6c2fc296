'use client'
import { type ReactNode, useState } from 'react'
import { type BootPath, type BootPathPatch, type DiskMethod, learnedBootPath, type LoaderMethod, tftpWindows } from '#contract/blackbox-api'
import { Button } from '../kit/Button.tsx'
import { formatDate, plural, safeText } from '../text/format.ts'
import { formatGap } from './filter-entries.ts'

const loaders: Readonly<Record<LoaderMethod, string>> = { auto: 'Automatic', tftp: 'PXE with TFTP only', http: 'UEFI HTTP Boot only' }
const disks: Readonly<Record<DiskMethod, string>> = { auto: 'Automatic', sanboot: 'sanboot: the first disk of the BIOS', grub: 'grub: our GRUB finds the disk', exit: 'exit: the firmware’s next boot entry' }
type Choice = Pick<BootPath['window'], 'source' | 'why' | 'chosenBy' | 'chosenAt'>

interface BootPathRowProps {
  path: BootPath
  choose(patch: BootPathPatch): void
  /** Told a sentence where what was typed cannot be sent. */
  refuse(sentence: string): void
}

/** Whether something usual is left because it failed. */
const hasLeft = ({ loader, window, disk }: BootPath) => loader.source === 'learned' || window.source === 'learned' || (disk.source === 'learned' && disk.used !== disk.ways[0]?.method)

/** One kind of machine: what was seen of it, and the three choices of its boot path, each with where it comes from. */
export function BootPathRow({ path, choose, refuse }: BootPathRowProps) {
  const title = safeText(`${path.manufacturer} ${path.product}`).trim() || 'A machine without a name'
  const choices = [path.loader, path.window, path.disk]
  const back = choices.some(({ source }) => source === 'person') ? 'Back to what was learned' : hasLeft(path) ? 'Try anew what failed' : undefined
  return (
    <li className="grid gap-x-6 gap-y-3 px-4 py-3 md:grid-cols-2 md:items-start xl:grid-cols-[minmax(0,1.2fr)_minmax(0,1fr)_minmax(0,1fr)_minmax(0,1.1fr)]">
      <div className="min-w-0">
        <p className="font-medium break-words">{title}</p>
        <p className="text-sm text-ink-2">{path.firmware === 'bios' ? 'BIOS' : 'UEFI'}{path.secureBoot ? ', Secure Boot' : ''} · <span title={path.machines.join(', ')}>{plural(path.machines.length, 'machine')}</span></p>
        <p className="mt-1 text-sm">{path.seen.loader === '' ? 'Its loader was not seen yet' : safeText(path.seen.loader)}{path.seen.ms === null ? '' : `, ${formatGap(path.seen.ms)}`}</p>
        {path.seen.boots > 0 ? <p className="text-sm text-ink-3">{plural(path.seen.boots, 'boot')} by it</p> : null}
        {back ? <div className="mt-2"><Button small onClick={() => choose(learnedBootPath)}>{back}</Button></div> : null}
      </div>
      <Field name="Loader" choice={path.loader} ways={path.loader.ways}>
        <select className="field h-8 py-0 text-sm" value={path.loader.wished} aria-label={`Loader of ${title}`} onChange={(event) => choose({ loader: event.target.value as LoaderMethod })}>
          {(['auto', ...path.loader.ways.map(({ method }) => method)] as const).map((method) => <option key={method} value={method}>{loaders[method]}{method === 'auto' && path.loader.wished === 'auto' && path.loader.used !== 'auto' ? `: ${loaders[path.loader.used]}` : ''}</option>)}
        </select>
      </Field>
      <Field name="TFTP window" choice={path.window}><WindowField key={String(path.window.wished)} title={title} window={path.window} choose={choose} refuse={refuse} /></Field>
      <Field name="Into its disk" choice={path.disk} ways={path.disk.ways}>
        <select className="field h-8 py-0 text-sm" value={path.disk.wished} aria-label={`Way into the disk of ${title}`} onChange={(event) => choose({ disk: event.target.value as DiskMethod })}>
          {(['auto', ...path.disk.ways.map(({ method }) => method)] as const).map((method) => <option key={method} value={method}>{disks[method]}{method === 'auto' && path.disk.wished === 'auto' ? `: ${path.disk.used}` : ''}</option>)}
        </select>
      </Field>
    </li>
  )
}

function Field({ name, choice, ways = [], children }: { name: string, choice: Choice, ways?: readonly { method: string, worked: number, failed: number }[], children: ReactNode }) {
  return (
    <div className="min-w-0 text-sm">
      <div className="flex flex-col gap-1"><span className="label">{name}</span>{children}</div>
      {choice.source === 'person'
        ? <p className="mt-1 text-ink-3">Chosen{choice.chosenBy === null ? '' : ` by ${safeText(choice.chosenBy)}`}{choice.chosenAt === null ? '' : <>, <time dateTime={choice.chosenAt}>{formatDate(choice.chosenAt)}</time></>}</p>
        : <p className="mt-1 text-ink-3">{choice.source === 'learned' ? <span className="text-ink-2">Learned: </span> : null}{choice.why}</p>}
      <p className="font-mono text-xs text-ink-3">{ways.map(({ method, worked, failed }) => <span key={method} className="mr-3 whitespace-nowrap" title={`${method}: worked ${worked}, failed ${failed}`}>{method} <span className={worked > 0 ? 'text-green' : ''}>{worked}</span>/<span className={failed > 0 ? 'text-red' : ''}>{failed}</span></span>)}</p>
    </div>
  )
}

/** Empty is automatic. It is sent by Enter and on leaving the field, where it was changed. */
function WindowField({ title, window, choose, refuse }: Pick<BootPathRowProps, 'choose' | 'refuse'> & { title: string, window: BootPath['window'] }) {
  const before = window.wished === null ? '' : String(window.wished)
  const [text, setText] = useState(before)
  const send = () => {
    const wished = text.trim()
    if (wished === before) return
    const blocks = Number(wished)
    if (wished !== '' && !(Number.isInteger(blocks) && blocks >= tftpWindows.least && blocks <= tftpWindows.most)) return refuse(`A TFTP window is a whole number from ${tftpWindows.least} to ${tftpWindows.most} blocks, or empty for automatic.`)
    choose({ window: wished === '' ? null : blocks })
  }
  return (
    <input
      className="field h-8 py-0 text-sm" value={text} inputMode="numeric" autoComplete="off" aria-label={`TFTP window of ${title}`} placeholder={window.used === null ? 'Automatic' : `Automatic: at most ${window.used}`}
      onChange={(event) => setText(event.target.value)} onBlur={send} onKeyDown={(event) => { if (event.key === 'Enter') send() }}
    />
  )
}
