import { catalog } from '#contract/catalog'
import { lab } from './lab.ts'
import { manual } from './manual.ts'
import { wakeOnLan } from './wake-on-lan.ts'

/** Every way to drive a machine's power. */
export const powerDrivers = catalog(
  manual,
  wakeOnLan,
  lab,
)
