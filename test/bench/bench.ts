import type { Sample } from './figures.ts'
import type { World } from './world.ts'

/** What a measure works with. */
export interface Bench {
  readonly world: World
  /** The folder of our bundled programs. */
  readonly built: string
  /** The folder of what the servers serve; kept between runs. */
  readonly files: string
  /** Small loads: shows that everything runs, says nothing about speed. */
  readonly quick: boolean
  /** Numbers of the pairs to run, from 0. */
  pairs(): readonly number[]
  /** Takes down a sample and says it. */
  add(sample: Sample): void
}
