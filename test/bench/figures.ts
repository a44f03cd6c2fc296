/** One run of one server: what was measured, by name. Units are in the names (`doraPerSecond`, `cpuSecondsPerGb`). */
export interface Sample {
  readonly measure: string
  /** Which variant of the measure: `relay`, `window 16, 64 clients`. */
  readonly variant: string
  readonly server: string
  /** Runs of the same number were made one right after the other: only those are compared. */
  readonly pair: number
  readonly values: Readonly<Record<string, number>>
}

/** What a figure must reach: against another server of the same run, or by itself. */
export interface Bar {
  readonly measure: string
  /** Undefined: every variant. */
  readonly variant?: string
  /** Whose figure; undefined: `ours`. */
  readonly server?: string
  readonly value: string
  readonly rule: 'at least' | 'at most'
  readonly limit: number
  /** The server that ours is divided by; undefined: the figure itself. With `ownVariant`, another variant of ours. */
  readonly against?: string
  readonly ownVariant?: string
}

/** A bar with what was seen. `ratio` and `limit` are of one kind: a quotient where the bar is against something, else the figure. */
export interface Verdict {
  readonly bar: Bar
  readonly variant: string
  readonly ours: number
  readonly theirs: number | undefined
  readonly seen: number
  readonly pairs: number
  readonly holds: boolean
}

/** The middle value; of an even number, the mean of the two in the middle. NaN for none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? (sorted[middle] ?? Number.NaN) : ((sorted[middle - 1] ?? Number.NaN) + (sorted[middle] ?? Number.NaN)) / 2
}

/** The value below which a share (0 to 1) of the values lies. NaN for none. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN
}

/**
 * Holds the samples of ours against the bars: the median of the quotients pair by pair, since a shared machine swings several-fold between
 * pairs and hardly within one. Bars without samples give no verdict.
 */
export function judge(samples: readonly Sample[], bars: readonly Bar[]): Verdict[] {
  return bars.flatMap((bar) => {
    const fitting = samples.filter((one) => one.measure === bar.measure && bar.value in one.values)
    const server = bar.server ?? 'ours'
    const variants = [...new Set(fitting.filter((one) => one.server === server).map((one) => one.variant))].filter((variant) => bar.variant === undefined || bar.variant === variant)
    return variants.flatMap((variant) => {
      const ours = fitting.filter((one) => one.server === server && one.variant === variant)
      const others = bar.ownVariant !== undefined ? fitting.filter((one) => one.server === server && one.variant === bar.ownVariant) : bar.against !== undefined ? fitting.filter((one) => one.server === bar.against && one.variant === variant) : undefined
      const value = (one: Sample): number => one.values[bar.value] ?? Number.NaN
      const pairs = others === undefined ? ours.map((one) => [value(one), undefined] as const) : ours.flatMap((one) => others.filter((other) => other.pair === one.pair).map((other) => [value(one), value(other)] as const))
      if (pairs.length === 0) return []
      // What must never happen (a NAK, a lost lease) is judged by its worst run, what swings by its middle one.
      const figures = pairs.map(([mine, theirs]) => (theirs === undefined ? mine : mine / theirs))
      const seen = others !== undefined ? median(figures) : bar.limit === 0 ? Math.max(...figures) : bar.rule === 'at least' && bar.limit === 100 ? Math.min(...figures) : median(figures)
      return [{ bar, variant, ours: median(pairs.map(([mine]) => mine)), theirs: others === undefined ? undefined : median(pairs.map(([, theirs]) => theirs ?? Number.NaN)), seen, pairs: pairs.length, holds: bar.rule === 'at least' ? seen >= bar.limit : seen <= bar.limit }]
    })
  })
}

const number = (value: number): string => (Number.isNaN(value) ? '-' : Math.abs(value) >= 100 ? value.toFixed(0) : Number(value.toPrecision(3)).toString())

/** A Markdown table. */
export function renderTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n')
}

/** The verdicts as a table, those that miss their bar marked. */
export function renderVerdicts(verdicts: readonly Verdict[]): string {
  return renderTable(['measure', 'variant', 'figure', 'ours', 'against', 'theirs', 'seen', 'bar', 'pairs', ''], verdicts.map(({ bar, variant, ours, theirs, seen, pairs, holds }) => [
    bar.measure, bar.server === undefined ? variant : `${variant}, ${bar.server}`, bar.value, number(ours), bar.ownVariant ?? bar.against ?? '', theirs === undefined ? '' : number(theirs), `${number(seen)}${theirs === undefined ? '' : ' ×'}`, `${bar.rule === 'at least' ? '≥' : '≤'} ${bar.limit}${theirs === undefined ? '' : ' ×'}`, String(pairs), holds ? 'holds' : '**misses**',
  ]))
}

/** Medians of everything that was measured, a line for each measure, variant and server. */
export function renderSamples(samples: readonly Sample[]): string {
  const groups = new Map<string, Sample[]>()
  for (const one of samples) {
    const key = [one.measure, one.variant, one.server].join('\t')
    groups.set(key, [...(groups.get(key) ?? []), one])
  }
  return renderTable(['measure', 'variant', 'server', 'runs', 'medians [least to most]'], [...groups].map(([key, all]) => [...key.split('\t'), String(all.length), Object.keys(all[0]?.values ?? {}).map((name) => {
    const values = all.map((one) => one.values[name] ?? Number.NaN)
    return `${name} ${number(median(values))}${all.length > 1 ? ` [${number(Math.min(...values))} to ${number(Math.max(...values))}]` : ''}`
  }).join(', ')]))
}
