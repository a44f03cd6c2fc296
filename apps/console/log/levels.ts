import type { LogLine } from '#contract/events'

/** How each level of a line looks; the letter is for those who do not tell the colours apart. */
export const levelLooks = {
  debug: { word: 'Debug', letter: 'D', text: 'text-ink-3', dot: 'bg-line-2' },
  info: { word: 'Info', letter: ' ', text: 'text-ink', dot: 'bg-ink-3' },
  warn: { word: 'Warning', letter: 'W', text: 'text-amber', dot: 'bg-amber' },
  error: { word: 'Error', letter: 'E', text: 'text-red', dot: 'bg-red' },
} as const satisfies Record<LogLine['level'], { word: string, letter: string, text: string, dot: string }>
