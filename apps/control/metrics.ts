import { phases } from '#contract/lifecycle'
import type { BootEvent } from '#netboot/site'
import type { Core } from './core.ts'

/** What happened on the wire since control started, as counters. */
export interface WireCounts {
  count(event: BootEvent): void
  /** Lines of Prometheus' text format. */
  render(): string[]
}

/** Starts counting. Kinds and reasons are closed unions, so no client can make the set of counters grow. */
export function countWire(): WireCounts {
  const events = new Map<string, number>()
  const drops = new Map<string, number>()
  const add = (counts: Map<string, number>, key: string, by: number): void => void counts.set(key, (counts.get(key) ?? 0) + by)
  return {
    count(event) {
      if (event.kind === 'datagrams.dropped') add(drops, `receiver="${event.receiver}",reason="${event.reason}"`, event.count)
      else add(events, event.kind, 1)
    },
    render: () => [
      '# TYPE systemcloud_boot_events_total counter', ...[...events].map(([kind, count]) => `systemcloud_boot_events_total{kind="${kind}"} ${count}`),
      '# TYPE systemcloud_dropped_total counter', ...[...drops].map(([labels, count]) => `systemcloud_dropped_total{${labels}} ${count}`),
    ],
  }
}

/** Everything that Prometheus may know of control. */
export function renderMetrics(core: Core, isHealthy: boolean): string {
  const count = (phase: string): number => core.registry.all().filter((m) => m.phase === phase).length
  const { commits, writes, waiting } = core.hot.figures()
  const gauge = (name: string, value: number): string[] => [`# TYPE ${name} gauge`, `${name} ${value}`]
  const counter = (name: string, value: number): string[] => [`# TYPE ${name} counter`, `${name} ${value}`]
  return [
    '# TYPE systemcloud_machines gauge', ...phases.map((phase) => `systemcloud_machines{phase="${phase}"} ${count(phase)}`),
    ...gauge('systemcloud_healthy', isHealthy ? 1 : 0), ...gauge('systemcloud_storage_healthy', core.storage.troubles().length === 0 ? 1 : 0),
    ...counter('systemcloud_store_commits_total', commits), ...counter('systemcloud_store_writes_total', writes), ...gauge('systemcloud_store_waiting', waiting),
    ...counter('systemcloud_journal_seq', core.journal.lastSeq()), ...core.wire.render(), ...gauge('process_resident_memory_bytes', process.memoryUsage.rss()), '',
  ].join('\n')
}
