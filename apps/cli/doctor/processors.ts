import os from 'node:os'
import { count } from '../show/amount.ts'
import { advice, fine, type Check } from './check.ts'

/** With one processor the packet path waits for image builds. */
export const processors: Check = {
  id: 'processors', title: 'Processors',
  async run() {
    const cpus = os.availableParallelism()
    return cpus >= 2 ? fine(count(cpus, 'processor')) : advice('one processor', 'works for real machines; a lab wants two')
  },
}
