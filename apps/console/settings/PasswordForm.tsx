'use client'
import { type FormEvent, useState } from 'react'
import { changePassword } from '../api/acts.ts'
import { faultSentence } from '../api/request.ts'
import { Button } from '../kit/Button.tsx'

/** The shortest password the appliance takes. */
export const shortestPassword = 12

/** Changes the password of whoever is signed in. `old` spares typing the one-time password again. */
export function PasswordForm({ old = '', onDone }: { old?: string, onDone: () => void }) {
  const [busy, setBusy] = useState(false)
  const [refusal, setRefusal] = useState('')
  const [length, setLength] = useState(0)
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const target = event.currentTarget
    const form = new FormData(target)
    const read = (name: string) => String(form.get(name) ?? '')
    const next = read('new')
    if (next.length < shortestPassword) return setRefusal(`Use at least ${shortestPassword} characters.`)
    if (next !== read('again')) return setRefusal('The two new passwords differ. Type them again.')
    setBusy(true)
    setRefusal('')
    try {
      await changePassword(old || read('old'), next)
      target.reset()
      setLength(0)
      onDone()
    } catch (error) {
      setRefusal(faultSentence(error))
    } finally {
      setBusy(false)
    }
  }
  return (
    <form onSubmit={(event) => void submit(event)} method="post" className="flex flex-col gap-4">
      {old ? null : <label className="flex flex-col gap-1.5"><span className="label">Present password</span><input className="field" name="old" type="password" autoComplete="current-password" required /></label>}
      <div className="flex flex-col gap-1.5">
        <label htmlFor="new-password" className="label">New password</label>
        <input id="new-password" className="field" name="new" type="password" autoComplete="new-password" required aria-describedby="password-rule" aria-invalid={refusal !== ''} onChange={(event) => setLength(event.target.value.length)} />
        <span id="password-rule" className={`text-xs ${length >= shortestPassword ? 'text-green' : 'text-ink-3'}`}>{length >= shortestPassword ? 'Long enough.' : `At least ${shortestPassword} characters; a few words are easier than symbols. ${length ? `${shortestPassword - length} to go.` : ''}`}</span>
      </div>
      <label className="flex flex-col gap-1.5"><span className="label">New password again</span><input className="field" name="again" type="password" autoComplete="new-password" required /></label>
      {refusal ? <p role="alert" className="text-sm text-red">{refusal}</p> : null}
      <div><Button type="submit" tone="strong" busy={busy}>Change password</Button></div>
    </form>
  )
}
