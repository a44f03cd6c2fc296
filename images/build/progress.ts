/** How far a build is: `percent` of the whole build, null where nobody can say. */
export interface Progress { readonly step: string; readonly percent: number | null; readonly detail: string }

/** Receives progress. */
export type Tell = (progress: Progress) => void

const mmdebstrapSteps: readonly (readonly [RegExp, string, number])[] = [
  [/^I: running apt-get update/, 'reading package lists', 0.02],
  [/^I: downloading packages with apt/, 'downloading packages', 0.06],
  [/^I: extracting archives/, 'unpacking the base', 0.35],
  [/^I: installing essential packages/, 'installing the base', 0.4],
  [/^I: installing remaining packages/, 'installing packages', 0.5],
  [/^I: running --customize-hook/, 'arranging the system', 0.95],
]

/** What a line of mmdebstrap means: the step, and how much of its work (0 to 1) lies behind. Undefined where it says nothing new. */
export function readMmdebstrapLine(line: string): { step: string; share: number } | undefined {
  const known = mmdebstrapSteps.find(([pattern]) => pattern.test(line))
  return known && { step: known[1], share: known[2] }
}
