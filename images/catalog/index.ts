import { catalog } from '#contract/catalog'
import { debian13 } from './debian-13.ts'

/** Every OS image that can be built and written. A new one is one file and one line here; it is built once a role names it (`imageId`). */
export const osImages = catalog(debian13)
