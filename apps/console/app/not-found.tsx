import Link from 'next/link'
import { pages } from '../paths.ts'

/** A URL that is no page. */
export default function NotFound() {
  return (
    <main className="mx-auto max-w-md px-6 py-24">
      <h1 className="plate text-2xl">There is no such page</h1>
      <p className="mt-2 text-ink-2">The address may be mistyped, or the page was moved.</p>
      <p className="mt-6"><Link className="text-mark underline underline-offset-4" href={pages.fleet()}>Go to the fleet</Link></p>
    </main>
  )
}
