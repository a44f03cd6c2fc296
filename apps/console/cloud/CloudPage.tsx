'use client'
import { useQuery } from '@tanstack/react-query'
import Link from 'next/link'
import type { z } from 'zod'
import type { CloudMember } from '#contract/operator-api'
import { cloudQuery, rolesQuery } from '../api/queries.ts'
import { faultSentence } from '../api/request.ts'
import { Icon } from '../kit/Icon.tsx'
import { LongName } from '../kit/LongName.tsx'
import { Empty, Notice, Skeleton } from '../kit/Notice.tsx'
import { PageHead } from '../kit/Page.tsx'
import { PhaseBadge } from '../machine/PhaseBadge.tsx'
import { ServiceList } from '../machine/ServicesPanel.tsx'
import { pages } from '../paths.ts'
import { asSentence, plural } from '../text/format.ts'
import { AppCard } from './AppCard.tsx'

type Member = z.infer<typeof CloudMember>

/** The Application Cloud: who carries it, whether it can lose one, and what runs on it. */
export function CloudPage() {
  const cloud = useQuery(cloudQuery)
  const catalog = useQuery(rolesQuery)
  if (!cloud.data) return (
    <>
      <PageHead title="Cloud" />
      {cloud.error ? <Notice tone="error">{faultSentence(cloud.error)}</Notice> : <Skeleton rows={3} height="h-28" />}
    </>
  )
  const { members, apps, quorum, loadBalancer } = cloud.data
  // In the catalog's order; a role that has left it comes last, under its id.
  const known = catalog.data ?? []
  const roles = [...new Set([...known.map(({ id }) => id), ...members.map(({ role }) => role)])].filter((role) => members.some((member) => member.role === role))
  const healthy = members.filter(({ services, phase }) => phase === 'ready' && services.every(({ healthy }) => healthy)).length
  return (
    <>
      <PageHead title="Cloud" lead={members.length > 0 ? asSentence(quorum) : undefined}>
        {loadBalancer ? <p className="text-sm text-ink-2">Load balancer <span className="font-mono text-ink">{loadBalancer}</span></p> : null}
      </PageHead>
      {members.length === 0 ? (
        <Empty icon="cloud" title="There is no cloud yet">
          <p>Give one machine the role Manager and another the role AppServer. What you deploy then runs here.</p>
          <p className="mt-4"><Link href={pages.fleet()} className="text-mark underline underline-offset-4">Choose machines in the fleet</Link></p>
        </Empty>
      ) : (
        <div className="flex flex-col gap-8">
          <section aria-label="Apps">
            <h2 className="plate mb-3 text-xl">Apps</h2>
            {apps.length === 0 ? <div className="panel px-5 py-6"><p className="text-ink-2">No app runs yet. Deploy a folder with an app.yaml from a terminal:</p><pre className="mt-3 overflow-x-auto rounded-md bg-well px-3 py-2 font-mono text-sm">systemcloud deploy DIR</pre></div> : null}
            <div className="grid gap-4 xl:grid-cols-2">{apps.map((app) => <AppCard key={app.name} app={app} />)}</div>
          </section>
          {roles.map((role) => {
            const title = known.find(({ id }) => id === role)?.title ?? role
            const its = members.filter((member) => member.role === role)
            return (
              <section key={role} aria-label={title}>
                <h2 className="plate mb-3 text-xl">{title} <span className="text-base font-normal text-ink-3">{its.length}</span></h2>
                <div className="grid gap-4 md:grid-cols-2 xl:grid-cols-3">{its.map((member) => <MemberCard key={member.machineId} member={member} />)}</div>
              </section>
            )
          })}
          <p className="text-sm text-ink-3">{healthy} of {plural(members.length, 'member')} with every service healthy.</p>
        </div>
      )}
    </>
  )
}

function MemberCard({ member }: { member: Member }) {
  return (
    <article className="panel overflow-hidden">
      <header className="flex items-center gap-3 border-b border-line px-4 py-3">
        <div className="min-w-0 flex-1"><Link href={pages.machine(member.machineId)} prefetch={false} className="plate block text-lg leading-tight hover:text-mark"><LongName name={member.name} /></Link><p className="font-mono text-xs text-ink-3">{member.address ?? 'no address'}</p></div>
        <PhaseBadge phase={member.phase} />
      </header>
      {member.services.length > 0 ? <ServiceList services={member.services} /> : <p className="px-4 py-3 text-sm text-ink-2">Its services have not been checked yet.</p>}
      {member.swarmState ? <p className="flex items-center gap-2 border-t border-line px-4 py-2 text-sm text-ink-2"><Icon name="chip" className="text-ink-3" />Swarm: {member.swarmState}</p> : null}
    </article>
  )
}
