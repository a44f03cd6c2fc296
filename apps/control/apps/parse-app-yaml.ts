import { isMap, isScalar, LineCounter, parseDocument, type Document } from 'yaml'
import type { z } from 'zod'
import { AppYaml } from '#contract/app-yaml'
import { fault, ok, type Result } from '#contract/result'

/** What is wrong with an app.yaml, each with its line (from 1). */
export type AppYamlFault = { kind: 'app-yaml'; problems: readonly { line: number; sentence: string }[] }

/** Reads app.yaml. Aliases are not expanded without limit; a text above 64 KiB is refused. */
export function parseAppYaml(text: string): Result<AppYaml, AppYamlFault> {
  if (text.length > 65_536) return bad([{ line: 1, sentence: 'app.yaml is longer than 64 KiB' }])
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  if (document.errors.length > 0) return bad(document.errors.map((error) => ({ line: lines.linePos(error.pos[0]).line, sentence: `this is not YAML: ${error.message}` })))
  if (!isMap(document.contents)) return bad([{ line: 1, sentence: 'app.yaml must hold keys and values, at least "runtime: python3"' }])
  let value: unknown
  try {
    value = document.toJS({ maxAliasCount: 50 })
  } catch {
    return bad([{ line: 1, sentence: 'app.yaml has too many aliases' }]) // yaml throws a plain ReferenceError here
  }
  const parsed = AppYaml.safeParse(value)
  if (parsed.success) return ok(parsed.data)
  return bad(parsed.error.issues.map((issue) => ({ line: lineOf(document, lines, issue.path), sentence: sentenceOf(issue) })))
}

/** The fault as one sentence for a person. */
export const explainAppYaml = (problem: AppYamlFault): string => problem.problems.slice(0, 10).map(({ line, sentence }) => `app.yaml line ${line}: ${sentence}`).join('; ')

const bad = (problems: AppYamlFault['problems']) => fault({ kind: 'app-yaml', problems })

/** zod says that a value is missing by naming what it should have been; a person wants to hear that it is missing. */
function sentenceOf(issue: z.core.$ZodIssue): string {
  const where = issue.path.map(String).join('.')
  const message = issue.code === 'invalid_key' ? (issue.issues[0]?.message ?? 'is not a valid name') : issue.message
  if (where === 'runtime' && issue.code === 'invalid_type') return 'runtime is missing: write "runtime: python3" or "runtime: nodejs"'
  return `${where} ${message.replace(/^Invalid input: expected/, 'must be').replace(/, received.*$/, '')}`
}

/** The line of the deepest part of `path` that is there. */
function lineOf(document: Document, lines: LineCounter, path: readonly PropertyKey[]): number {
  for (let length = path.length; length > 0; length -= 1) {
    const parent = length === 1 ? document.contents : document.getIn(path.slice(0, length - 1), true)
    if (isMap(parent)) {
      const pair = parent.items.find((item) => isScalar(item.key) && String(item.key.value) === String(path[length - 1]))
      if (pair !== undefined && isScalar(pair.key) && pair.key.range != null) return lines.linePos(pair.key.range[0]).line
    }
    const node = document.getIn(path.slice(0, length), true)
    if (typeof node === 'object' && node !== null && 'range' in node && Array.isArray(node.range)) return lines.linePos(Number(node.range[0])).line
  }
  return 1
}
