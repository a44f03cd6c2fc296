'use client'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import Link from 'next/link'
import { usePathname, useRouter } from 'next/navigation'
import { type ReactNode, useEffect } from 'react'
import { signOut } from '../api/acts.ts'
import { networksQuery } from '../api/network-queries.ts'
import { sessionQuery, statusQuery } from '../api/queries.ts'
import { faultSentence } from '../api/request.ts'
import { Icon, type IconName } from '../kit/Icon.tsx'
import { Notice, Skeleton } from '../kit/Notice.tsx'
import { ConnectionBanner } from '../live/ConnectionBanner.tsx'
import { LiveProvider, useConnection } from '../live/LiveProvider.tsx'
import { pages } from '../paths.ts'
import { asSentence } from '../text/format.ts'
import { ThemeToggle } from './ThemeToggle.tsx'

const places: readonly { href: string, word: string, icon: IconName, owns: readonly string[] }[] = [
  { href: pages.fleet(), word: 'Fleet', icon: 'fleet', owns: ['/machines'] },
  { href: pages.cloud(), word: 'Cloud', icon: 'cloud', owns: [] },
  { href: pages.images(), word: 'Images', icon: 'image', owns: [] },
  { href: pages.networks(), word: 'Networks', icon: 'network', owns: ['/networks/'] },
  { href: pages.settings(), word: 'Settings', icon: 'settings', owns: [] },
]

/** The frame around every page for someone who is signed in; everyone else is sent to the sign-in page. */
export function AppShell({ children }: { children: ReactNode }) {
  const session = useQuery(sessionQuery)
  const router = useRouter()
  const pathname = usePathname()
  const away = session.data === null || session.data?.mustChangePassword === true
  useEffect(() => {
    if (away) router.replace(pages.signIn(pathname))
  }, [away, pathname, router])
  if (session.data && !away) return <LiveProvider><Frame>{children}</Frame></LiveProvider>
  return (
    <main className="mx-auto max-w-2xl px-4 py-16">
      {session.error && !away ? <Notice tone="error">{faultSentence(session.error)}</Notice> : <Skeleton rows={4} />}
    </main>
  )
}

function Frame({ children }: { children: ReactNode }) {
  const pathname = usePathname()
  return (
    <div className="min-h-dvh lg:grid lg:grid-cols-[13.5rem_minmax(0,1fr)]">
      <a href="#main" className="sr-only focus:not-sr-only focus:fixed focus:top-2 focus:left-2 focus:z-50 focus:rounded-md focus:bg-panel focus:px-3 focus:py-2">Skip to the page</a>
      <aside className="z-30 border-line bg-panel max-lg:fixed max-lg:inset-x-0 max-lg:bottom-0 max-lg:border-t lg:sticky lg:top-0 lg:flex lg:h-dvh lg:flex-col lg:border-r">
        <Brand className="max-lg:hidden" />
        <nav aria-label="Pages" className="flex lg:flex-col lg:gap-0.5 lg:px-2.5">
          {places.map(({ href, word, icon, owns }) => {
            const here = pathname === href || owns.some((path) => pathname.startsWith(path))
            return (
              <Link key={href} href={href} prefetch={false} aria-current={here ? 'page' : undefined} className={`flex items-center gap-2.5 rounded-md font-medium max-lg:min-w-0 max-lg:flex-1 max-lg:flex-col max-lg:gap-1 max-lg:px-1 max-lg:pt-2 max-lg:pb-2.5 max-lg:text-[0.6875rem] lg:px-2.5 lg:py-2 lg:text-sm ${here ? 'text-mark lg:bg-mark-wash' : 'text-ink-2 hover:text-ink lg:hover:bg-raised'}`}>
                <Icon name={icon} className="max-lg:size-5" />{word}
              </Link>
            )
          })}
        </nav>
        <div className="mt-auto hidden px-2.5 pb-3 lg:block"><Foot /></div>
      </aside>
      <div className="min-w-0 max-lg:pb-20">
        <div className="flex items-center border-b border-line bg-panel lg:hidden"><Brand /><div className="ml-auto flex items-center pr-2"><ThemeToggle /><SignOut /></div></div>
        <ConnectionBanner />
        <Warnings />
        <main id="main" className="mx-auto max-w-[1500px] px-4 py-5 sm:px-6 lg:px-8 lg:py-7">{children}</main>
      </div>
    </div>
  )
}

function Brand({ className = '' }: { className?: string }) {
  return (
    <div className={`flex items-center gap-2.5 px-4 py-3 lg:px-5 lg:pt-5 lg:pb-4 ${className}`}>
      <svg viewBox="0 0 32 32" aria-hidden className="size-6"><rect x="3" y="4" width="26" height="7" rx="2" className="fill-mark" /><rect x="3" y="13" width="26" height="7" rx="2" className="fill-ink opacity-70" /><rect x="3" y="22" width="15" height="7" rx="2" className="fill-ink opacity-30" /></svg>
      <span className="plate text-lg leading-none tracking-tight">System Cloud</span>
    </div>
  )
}

function Foot() {
  const status = useQuery(statusQuery)
  const { state } = useConnection()
  return (
    <div className="flex flex-col gap-1 text-sm">
      <div className="flex items-center gap-2 px-2 py-1.5 text-ink-2"><span aria-hidden className={`size-2 rounded-full ${state === 'live' ? 'bg-green' : 'breathe bg-amber'}`} />{state === 'live' ? 'Live' : state === 'lost' ? 'Connection lost' : 'Connecting'}</div>
      <ThemeToggle />
      <SignOut />
      <p className="truncate px-2 pt-1 text-xs text-ink-3">{status.data ? `${status.data.me.name} · version ${status.data.version}` : '\u00a0'}</p>
    </div>
  )
}

function SignOut() {
  const client = useQueryClient()
  const leave = async () => {
    await signOut().catch(() => undefined) // A session that is over already is signed out as well.
    client.clear()
    location.assign(pages.signIn())
  }
  return <button type="button" onClick={() => void leave()} aria-label="Sign out" className="flex items-center gap-2 rounded-md px-2 py-1.5 text-sm text-ink-2 hover:bg-raised hover:text-ink"><Icon name="leave" /><span className="max-lg:hidden">Sign out</span></button>
}

/** What needs a person, on every page but the one that says it itself. */
function Warnings() {
  const status = useQuery(statusQuery)
  const pathname = usePathname()
  const networks = useQuery({ ...networksQuery, enabled: pathname.startsWith(pages.networks()) })
  const saidBelow = networks.data?.filter(({ id }) => pathname === pages.networks() || pathname === pages.network(id)).flatMap(({ notices }) => notices) ?? []
  const warnings = status.data?.warnings.filter((text) => !saidBelow.includes(text)) ?? []
  if (warnings.length === 0) return null
  return <div className="flex flex-col gap-2 px-4 pt-4 sm:px-6 lg:px-8">{warnings.map((text) => <Notice key={text} tone="warn">{asSentence(text)}</Notice>)}</div>
}
