'use client'
import { Button } from '../kit/Button.tsx'

/** A page that broke: says so and offers to draw it again; the appliance is not affected. */
export default function PageError({ error, reset }: { error: Error & { digest?: string }, reset: () => void }) {
  return (
    <main className="mx-auto max-w-md px-6 py-24">
      <h1 className="plate text-2xl">This page broke</h1>
      <p className="mt-2 text-ink-2">The appliance and your machines are not affected. Draw the page again; if it breaks again, reload it.</p>
      <pre className="mt-4 overflow-auto rounded-lg bg-well p-3 font-mono text-xs whitespace-pre-wrap">{error.message}{error.digest ? ` (${error.digest})` : ''}</pre>
      <div className="mt-6"><Button tone="strong" onClick={reset}>Draw it again</Button></div>
    </main>
  )
}
