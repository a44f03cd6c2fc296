import type { Diagnosis } from '#contract/blackbox-api'
import type { Moment } from './moment.ts'
import { rules } from './rules/index.ts'
import type { RuleContext } from './rules/rule.ts'
import type { Session } from './sessions.ts'

export type { RuleContext } from './rules/rule.ts'

/** A diagnosis whose evidence are moments. */
export type FoundDiagnosis = Omit<Diagnosis, 'evidence'> & { readonly evidence: readonly Moment[] }

const order = ['error', 'warn', 'info'] as const

/** What is wrong with one boot, the worst first; nothing for a healthy one. Pure: time is in the context. */
export function diagnose(sessions: readonly Session[], index: number, context: RuleContext): FoundDiagnosis[] {
  const session = sessions[index]
  if (session === undefined) return []
  const quietMs = session.isOver ? Number.POSITIVE_INFINITY : context.nowMs - session.endMs
  const found = rules.flatMap((rule) => {
    const finding = rule.look({ session, index, sessions, context, quietMs })
    return finding === undefined ? [] : [{ rule, diagnosis: { id: rule.id, title: rule.title, ...finding } }]
  })
  const ids = new Set(found.map(({ rule }) => rule.id))
  return found.filter(({ rule }) => !rule.behind?.some((cause) => ids.has(cause))).map(({ diagnosis }) => diagnosis).sort((a, b) => order.indexOf(a.severity) - order.indexOf(b.severity))
}
