import { catalog } from '#contract/catalog'
import { debian12 } from './debian-12.ts'
import { debian13 } from './debian-13.ts'

/** Every OS image that can be built and written. A new one is one file and one line here; the first is the default. */
export const osImages = catalog(debian13, debian12)
