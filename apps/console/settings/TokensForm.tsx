'use client'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import type { NewToken } from '#contract/operator-api'
import { makeToken, revokeToken } from '../api/acts.ts'
import { tokensQuery } from '../api/queries.ts'
import { faultSentence } from '../api/request.ts'
import { Button } from '../kit/Button.tsx'
import { Icon } from '../kit/Icon.tsx'
import { Notice, Skeleton } from '../kit/Notice.tsx'
import { useToast } from '../shell/Toasts.tsx'
import { formatDate } from '../text/format.ts'

/** The bearer tokens of programs: made, shown once, revoked. */
export function TokensForm() {
  const client = useQueryClient()
  const say = useToast()
  const tokens = useQuery(tokensQuery)
  const [name, setName] = useState('')
  const [made, setMade] = useState<NewToken>()
  const [busy, setBusy] = useState(false)
  const [refusal, setRefusal] = useState('')
  const act = async (work: () => Promise<void>) => {
    setBusy(true)
    setRefusal('')
    await work().catch((error: unknown) => setRefusal(faultSentence(error)))
    setBusy(false)
  }
  const make = (event: FormEvent) => {
    event.preventDefault()
    if (name.trim() === '') return
    void act(async () => {
      setMade(await makeToken(client, name.trim()))
      setName('')
    })
  }
  const revoke = (id: string) => act(async () => {
    await revokeToken(client, id)
    if (made?.id === id) setMade(undefined)
  })
  const copy = (text: string) => navigator.clipboard.writeText(text).then(() => say('Copied.'), () => say('The browser does not let this page copy: select the token.', 'refused'))
  if (!tokens.data) return tokens.error ? <Notice tone="error">{faultSentence(tokens.error)}</Notice> : <Skeleton rows={2} />
  return (
    <>
      <p className="mb-3 text-sm text-ink-2">For programs that ask the appliance, such as Prometheus or a script: whoever sends one may do what you may, until it is revoked.</p>
      {made ? (
        <div role="status" className="mb-4 rounded-lg border border-line-2 bg-raised px-3 py-3">
          <p className="mb-2 text-sm">The token “{made.name}” is shown only now. Keep it where the program finds it.</p>
          <div className="flex items-center gap-3"><code className="min-w-0 flex-1 font-mono text-xs break-all">{made.token}</code><Button small icon="copy" onClick={() => void copy(made.token)}>Copy</Button></div>
        </div>
      ) : null}
      <ul aria-label="Tokens" className="mb-4 flex flex-col gap-2">
        {tokens.data.map((token) => (
          <li key={token.id} className="flex items-center gap-3 rounded-lg border border-line px-3 py-2">
            <Icon name="plug" className="text-ink-3" />
            <div className="min-w-0 flex-1"><p title={token.name} className="truncate text-sm font-medium">{token.name}</p><p className="text-xs break-words text-ink-3">made by {token.user}, {formatDate(token.madeAt)}</p></div>
            <Button small tone="ghost" busy={busy} aria-label={`Revoke token ${token.name}`} onClick={() => void revoke(token.id)}>Revoke</Button>
          </li>
        ))}
      </ul>
      <form onSubmit={make} className="flex flex-col gap-2">
        <label className="flex flex-col gap-1.5"><span className="label">New token for</span><input className="field" maxLength={64} placeholder="prometheus" value={name} onChange={(event) => setName(event.target.value)} autoComplete="off" spellCheck={false} aria-invalid={refusal !== ''} /></label>
        {refusal ? <p role="alert" className="text-sm text-red">{refusal}</p> : null}
        <div><Button type="submit" tone="strong" busy={busy} cannotWhy={name.trim() === '' ? 'Say first which program it is for.' : undefined}>Make token</Button></div>
      </form>
    </>
  )
}
