'use client'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useRouter, useSearchParams } from 'next/navigation'
import { type FormEvent, useEffect, useState } from 'react'
import { signIn } from '../api/acts.ts'
import { keys, sessionQuery } from '../api/queries.ts'
import { ApiFault, faultSentence } from '../api/request.ts'
import { Button } from '../kit/Button.tsx'
import { Notice } from '../kit/Notice.tsx'
import { safeNext } from '../paths.ts'
import { PasswordForm } from '../settings/PasswordForm.tsx'

/** Asks for the password; a one-time password must be changed before anything else is shown. */
export function SignIn() {
  const session = useQuery(sessionQuery)
  const client = useQueryClient()
  const router = useRouter()
  const next = safeNext(useSearchParams().get('next'))
  const [used, setUsed] = useState('')
  const done = session.data && !session.data.mustChangePassword
  useEffect(() => {
    if (done) router.replace(next)
  }, [done, next, router])
  const refresh = () => client.invalidateQueries({ queryKey: keys.session })
  return (
    <main className="grid min-h-dvh lg:grid-cols-[minmax(0,5fr)_minmax(0,6fr)]">
      <div className="flex flex-col justify-center px-6 py-12 sm:px-16">
        <div className="w-full max-w-sm">
          <p className="plate mb-10 text-lg">System Cloud</p>
          {session.error ? <div className="mb-6"><Notice tone="error">{faultSentence(session.error)}</Notice></div> : null}
          {session.data?.mustChangePassword ? (
            <>
              <h1 className="plate text-3xl">Choose your password</h1>
              <p className="mt-2 mb-6 text-ink-2">The one-time password has done its work. From now on this one counts, for you alone.</p>
              <PasswordForm old={used} onDone={() => void refresh()} />
            </>
          ) : (
            <>
              <h1 className="plate text-3xl">Sign in</h1>
              <p className="mt-2 mb-6 text-ink-2">The first time: with the one-time password that the appliance printed when it started.</p>
              <SignInForm onDone={(password) => { setUsed(password); void refresh() }} />
            </>
          )}
        </div>
      </div>
      <Rack />
    </main>
  )
}

function SignInForm({ onDone }: { onDone: (password: string) => void }) {
  const [busy, setBusy] = useState(false)
  const [refusal, setRefusal] = useState('')
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const form = new FormData(event.currentTarget)
    const password = String(form.get('password') ?? '')
    setBusy(true)
    setRefusal('')
    try {
      await signIn(String(form.get('user') ?? ''), password)
      onDone(password)
    } catch (error) {
      setRefusal(error instanceof ApiFault && error.status === 401 ? 'User or password is not right. Forgotten? Run "systemcloud passwd" as root on the appliance.' : faultSentence(error))
    } finally {
      setBusy(false)
    }
  }
  return (
    <form onSubmit={(event) => void submit(event)} method="post" className="flex flex-col gap-4">
      <label className="flex flex-col gap-1.5"><span className="label">User</span><input className="field" name="user" autoComplete="username" autoCapitalize="none" spellCheck={false} defaultValue="admin" required /></label>
      <label className="flex flex-col gap-1.5"><span className="label">Password</span><input className="field" name="password" type="password" autoComplete="current-password" autoFocus required aria-invalid={refusal !== ''} /></label>
      {refusal ? <p role="alert" className="text-sm text-red">{refusal}</p> : null}
      <Button type="submit" tone="strong" busy={busy} className="mt-1">Sign in</Button>
    </form>
  )
}

/** Decoration: a rack in which some machines have come to life. */
function Rack() {
  const lights = ['bg-green', 'bg-green', 'bg-amber breathe', 'bg-green', 'bg-cyan', 'bg-grey', 'bg-green', 'bg-grey', 'bg-grey', 'bg-grey']
  return (
    <div aria-hidden className="hidden flex-col justify-center gap-2.5 border-l border-line bg-well px-[12%] lg:flex">
      {lights.map((light, unit) => (
        <div key={unit} className={`flex h-11 items-center gap-3 rounded-md border border-line bg-panel px-4 ${light === 'bg-grey' ? 'opacity-45' : ''}`}>
          <span className={`size-2 rounded-full ${light}`} />
          <span className="h-1.5 w-24 rounded-full bg-line" />
          <span className="ml-auto flex gap-1">{Array.from({ length: 12 }, (_, hole) => <span key={hole} className="h-4 w-1 rounded-full bg-line" />)}</span>
        </div>
      ))}
    </div>
  )
}
