import { existsSync, readdirSync } from 'node:fs'
import { readApplianceFile } from '../appliance/find.ts'
import { advice, fine, type Check, type Finding } from './check.ts'

/** Judges the names of network namespaces beside whether an appliance runs. */
export function judgeLeftovers(namespaces: readonly string[], runs: boolean): Finding {
  const ours = namespaces.filter((name) => name.startsWith('sc-'))
  if (ours.length === 0) return fine('nothing left of an earlier lab')
  if (runs) return fine(`namespaces of the running lab: ${ours.join(', ')}`)
  return advice(`namespaces of a lab that was killed, or of one of another name: ${ours.join(', ')}`, 'the next scripts/up --lab clears them')
}

/** A lab that was killed leaves its namespaces behind. */
export const leftovers: Check = {
  id: 'leftovers', title: 'Leftovers',
  run: async ({ runDir }) => judgeLeftovers(existsSync('/run/netns') ? readdirSync('/run/netns') : [], readApplianceFile(runDir) !== undefined),
}
