import { wrongCall } from '../failure.ts'

/** Splits `M… LAST`: one machine or more, then a role or a phase. Throws a wrong call where either is missing. */
export function splitLast(words: readonly string[], last: string): { readonly machines: string[]; readonly last: string } {
  const machines = words.slice(0, -1)
  const end = words.at(-1)
  if (end === undefined || machines.length === 0) throw wrongCall(`say at least one machine and then the ${last}`)
  return { machines: distinct(machines), last: end }
}

/** The words without repetitions, in their order. */
export const distinct = (words: readonly string[]): string[] => [...new Set(words)]

/** A number of seconds of at least 0, as given to an option. Throws a wrong call for anything else. */
export function parseSeconds(text: string, option: string): number {
  const seconds = Number(text)
  if (text.trim() === '' || !Number.isFinite(seconds) || seconds < 0) throw wrongCall(`${option} takes a number of seconds, not "${text}"`)
  return seconds
}

/** One of a closed set of words. Throws a wrong call that lists them. */
export function oneOf<const Word extends string>(text: string, words: readonly Word[], what: string): Word {
  const found = words.find((word) => word === text)
  if (found === undefined) throw wrongCall(`${what} is one of ${words.join(', ')}, not "${text}"`)
  return found
}
