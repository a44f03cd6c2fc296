import { z } from 'zod'
import { definePowerDriver } from './driver.ts'

/** A person at the machine. */
export const manual = definePowerDriver({
  id: 'manual', title: 'By hand',
  cannotWhy: 'nothing drives this machine’s power: use its button, or choose a power driver',
  options: z.object({}),
  connect: () => ({ askPerson: { on: 'Press the power button', off: 'Turn the machine off by its power button', cycle: 'Restart the machine by its power button' } }),
})
