import type { ReactNode } from 'react'

/** The head of a page: its name, a sentence, and what can be done here. */
export function PageHead({ title, lead, children }: { title: string, lead?: ReactNode, children?: ReactNode }) {
  return (
    <header className="mb-5 flex flex-wrap items-end gap-x-6 gap-y-3">
      <div className="min-w-0 flex-1 basis-64">
        <h1 className="plate text-[1.75rem] leading-tight">{title}</h1>
        {lead ? <p className="mt-1 max-w-prose text-ink-2">{lead}</p> : null}
      </div>
      {children}
    </header>
  )
}

/** A part of a page with a name. */
export function Section({ title, note, action, children, className = '' }: { title: string, note?: ReactNode, action?: ReactNode, children: ReactNode, className?: string }) {
  return (
    <section aria-label={title} className={`panel overflow-hidden ${className}`}>
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1 border-b border-line px-4 py-2.5">
        <h2 className="plate text-base">{title}</h2>
        {note ? <span className="text-sm text-ink-3">{note}</span> : null}
        {action ? <div className="ml-auto">{action}</div> : null}
      </div>
      {children}
    </section>
  )
}

/** A name and its value, in a definition list. */
export function Fact({ name, children, mono = false }: { name: string, children: ReactNode, mono?: boolean }) {
  return (
    <div className="min-w-0">
      <dt className="label">{name}</dt>
      <dd className={`min-w-0 break-words ${mono ? 'font-mono text-sm' : ''}`}>{children}</dd>
    </div>
  )
}
