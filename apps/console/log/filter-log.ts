import type { LogLine } from '#contract/events'

const weight = { debug: 0, info: 1, warn: 2, error: 3 } as const satisfies Record<LogLine['level'], number>

/** The lines at or above a level, from the sources asked for (none means all), that contain the text, whatever its case. */
export function filterLog(lines: readonly LogLine[], { text, level, source }: { text: string, level: LogLine['level'], source: LogLine['source'] | '' }): readonly LogLine[] {
  const needle = text.trim().toLowerCase()
  if (needle === '' && level === 'debug' && source === '') return lines
  return lines.filter((line) => weight[line.level] >= weight[level] && (source === '' || line.source === source) && (needle === '' || line.text.toLowerCase().includes(needle)))
}
