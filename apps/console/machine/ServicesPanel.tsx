'use client'
import type { Machine } from '#contract/operator-api'
import { Fact, Section } from '../kit/Page.tsx'
import { useNow } from '../live/use-now.ts'
import { formatAgo, formatBytes, formatMemory, formatSpan, safeText } from '../text/format.ts'

/** The services of its role, as the appliance saw them from outside, and how loaded the machine is. */
export function ServicesPanel({ machine: { services, metrics } }: { machine: Machine }) {
  return (
    <Section title="Services" note={services.every(({ healthy }) => healthy) ? 'all answer' : `${services.filter(({ healthy }) => !healthy).length} without an answer`}>
      <ServiceList services={services} />
      {metrics ? (
        <dl className="grid grid-cols-2 gap-x-4 gap-y-2 border-t border-line px-4 py-3 sm:grid-cols-4">
          <Fact name="Load">{metrics.load1.toFixed(2)}</Fact>
          <Fact name="Memory free">{formatMemory(metrics.memoryAvailableBytes)}</Fact>
          <Fact name="Disk free">{formatBytes(metrics.diskFreeBytes)}</Fact>
          <Fact name="Up for">{formatSpan(metrics.uptimeSeconds * 1000)}</Fact>
        </dl>
      ) : null}
    </Section>
  )
}

/** Services with their health, one line each; what is wrong with one has lines of its own. */
export function ServiceList({ services }: { services: Machine['services'] }) {
  const now = useNow(5000)
  return (
    <ul className="divide-y divide-line">
      {services.map((service) => (
        <li key={service.name} className="flex flex-wrap items-baseline gap-x-3 px-4 py-2 text-sm">
          <span aria-hidden className={`size-2 shrink-0 self-center rounded-full ${service.healthy ? 'bg-green' : 'bg-red'}`} />
          <span className="font-medium">{service.name}<span className="sr-only">{service.healthy ? ': healthy' : ': not healthy'}</span></span>
          <span className={service.healthy ? 'min-w-0 flex-1 truncate text-ink-2' : 'order-last basis-full pl-5 break-words text-red'} title={service.healthy ? service.detail : undefined}>{safeText(service.detail)}</span>
          <time dateTime={service.checkedAt} className="ml-auto shrink-0 text-xs text-ink-3">{formatAgo(service.checkedAt, now)}</time>
        </li>
      ))}
    </ul>
  )
}
