import type { Phase } from '#contract/lifecycle'

/** Colours text, or leaves it alone where there is nobody to see it. */
export interface Paint {
  bold(text: string): string
  dim(text: string): string
  good(text: string): string
  bad(text: string): string
  warn(text: string): string
  busy(text: string): string
  phase(phase: Phase): string
}

const hues: Record<Phase, 'good' | 'bad' | 'warn' | 'busy' | 'dim' | 'bold'> = {
  seen: 'dim', discovered: 'bold', deploying: 'busy', starting: 'busy', ready: 'good', silent: 'warn', failed: 'bad', releasing: 'busy', retired: 'dim',
}

/** Whether to colour: only on a terminal, and never where NO_COLOR is set to anything or the terminal is dumb. */
export const wantsColour = (isTty: boolean, env: Readonly<Record<string, string | undefined>>): boolean => isTty && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb'

/** The palette; with `colour` false every function returns its text unchanged. */
export function makePaint(colour: boolean): Paint {
  const sgr = (code: number) => (text: string) => (colour && text !== '' ? `\u001b[${code}m${text}\u001b[0m` : text)
  const paint = { bold: sgr(1), dim: sgr(2), good: sgr(32), bad: sgr(31), warn: sgr(33), busy: sgr(36) }
  return { ...paint, phase: (phase) => paint[hues[phase]](phase) }
}
