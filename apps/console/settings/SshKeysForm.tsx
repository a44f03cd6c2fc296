'use client'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { saveSshKeys } from '../api/acts.ts'
import { sshKeysQuery } from '../api/queries.ts'
import { faultSentence } from '../api/request.ts'
import { Button } from '../kit/Button.tsx'
import { Icon } from '../kit/Icon.tsx'
import { Notice, Skeleton } from '../kit/Notice.tsx'
import { readSshKeys } from './read-ssh-keys.ts'

/** The public keys that may log in to every machine deployed from now on. */
export function SshKeysForm() {
  const client = useQueryClient()
  const keys = useQuery(sshKeysQuery)
  const [text, setText] = useState('')
  const [busy, setBusy] = useState(false)
  const [refusal, setRefusal] = useState('')
  const held = keys.data?.keys ?? []
  const save = async (lines: string[]) => {
    setBusy(true)
    setRefusal('')
    await saveSshKeys(client, lines).then(() => setText(''), (error: unknown) => setRefusal(faultSentence(error)))
    setBusy(false)
  }
  const add = (event: FormEvent) => {
    event.preventDefault()
    const read = readSshKeys(text)
    if (!read.ok) return setRefusal(read.fault.sentence)
    void save([...new Set([...held, ...read.value])])
  }
  if (!keys.data) return keys.error ? <Notice tone="error">{faultSentence(keys.error)}</Notice> : <Skeleton rows={2} />
  return (
    <>
      <p className="mb-3 text-sm text-ink-2">Who may log in over SSH on every machine that is deployed from now on. Machines that run already keep the keys they have.</p>
      {held.length === 0 ? <p className="mb-3 text-sm text-amber">No key yet: you could not log in to a machine over SSH.</p> : null}
      <ul aria-label="SSH keys" className="mb-4 flex flex-col gap-2">
        {held.map((key) => {
          const [kind = '', body = '', ...comment] = key.split(' ')
          return (
            <li key={key} className="flex items-center gap-3 rounded-lg border border-line px-3 py-2">
              <Icon name="key" className="text-ink-3" />
              <div className="min-w-0 flex-1"><p title={comment.join(' ')} className="truncate text-sm font-medium">{comment.join(' ') || 'no comment'}</p><p className="font-mono text-xs break-words text-ink-3">{kind} <span className="whitespace-nowrap">…{body.slice(-16)}</span></p></div>
              <Button small tone="ghost" busy={busy} aria-label={`Remove key ${comment.join(' ') || body.slice(-16)}`} onClick={() => void save(held.filter((each) => each !== key))}>Remove</Button>
            </li>
          )
        })}
      </ul>
      <form onSubmit={add} className="flex flex-col gap-2">
        <label className="flex flex-col gap-1.5"><span className="label">Add keys</span><textarea className="field font-mono text-sm" rows={3} placeholder="ssh-ed25519 AAAA… you@laptop" value={text} onChange={(event) => setText(event.target.value)} spellCheck={false} aria-invalid={refusal !== ''} /></label>
        {refusal ? <p role="alert" className="text-sm text-red">{refusal}</p> : null}
        <div><Button type="submit" tone="strong" busy={busy} cannotWhy={text.trim() === '' ? 'Paste one or more public keys first, such as the content of ~/.ssh/id_ed25519.pub.' : undefined}>Add</Button></div>
      </form>
    </>
  )
}
