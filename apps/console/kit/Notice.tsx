import type { ReactNode } from 'react'
import { Icon, type IconName } from './Icon.tsx'

const looks = { info: ['info', 'text-ink-3'], warn: ['warn', 'text-amber'], error: ['warn', 'text-red'], good: ['check', 'text-green'] } as const satisfies Record<string, readonly [IconName, string]>

/** A sentence that a person should read, with what to do about it. */
export function Notice({ tone, children, action }: { tone: keyof typeof looks, children: ReactNode, action?: ReactNode }) {
  const [icon, colour] = looks[tone]
  return (
    <div role={tone === 'error' ? 'alert' : undefined} className="panel flex flex-wrap items-start gap-x-3 gap-y-2 bg-raised px-4 py-3 text-sm">
      <Icon name={icon} className={`mt-0.5 ${colour}`} />
      <div className="min-w-0 flex-1 basis-52 break-words">{children}</div>
      {action}
    </div>
  )
}

/** A place with nothing in it yet, and what brings something; `isPage` where it stands for the whole page. */
export function Empty({ icon, title, isPage = false, children }: { icon: IconName, title: string, isPage?: boolean, children?: ReactNode }) {
  const Title = isPage ? 'h1' : 'h2'
  return (
    <div className="panel flex flex-col items-center px-6 py-14 text-center">
      <span className="mb-4 grid size-12 place-items-center rounded-xl bg-well text-ink-3"><Icon name={icon} className="size-6" /></span>
      <Title className="plate text-xl">{title}</Title>
      <div className="mt-2 max-w-prose text-ink-2">{children}</div>
    </div>
  )
}

/** Grey lines where something is about to be. */
export function Skeleton({ rows = 3, height = 'h-14' }: { rows?: number, height?: string }) {
  return (
    <div role="status" aria-label="Loading" className="flex flex-col gap-2">
      {Array.from({ length: rows }, (_, row) => <div key={row} className={`sheen rounded-lg ${height}`} />)}
    </div>
  )
}
