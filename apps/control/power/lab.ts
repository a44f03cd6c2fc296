import path from 'node:path'
import { z } from 'zod'
import { definePowerDriver } from './driver.ts'
import { runQmp } from './qmp.ts'

/**
 * A virtual machine of the lab, over QMP. QEMU never ends: a machine that is off is paused at its reset vector
 * (QEMU was started with `-S -no-shutdown`).
 */
export const lab = definePowerDriver({
  id: 'lab', title: 'Lab machine (QMP)', cannotWhy: '',
  options: z.object({}),
  connect: (_, { mac, labDir }) => {
    const socket = path.join(labDir, `${mac.replaceAll(':', '-')}.qmp`)
    const state = async (signal: AbortSignal): Promise<'on' | 'off'> => {
      const [status] = (await runQmp(socket, ['query-status'], signal)) as [{ running: boolean }]
      return status.running ? 'on' : 'off'
    }
    return {
      state,
      // A guest that shut itself down must be reset before it can go on.
      on: async (signal) => void ((await state(signal)) === 'off' && (await runQmp(socket, ['system_reset', 'cont'], signal))),
      off: async (signal) => void (await runQmp(socket, ['stop', 'system_reset'], signal)),
      cycle: async (signal) => void (await runQmp(socket, ['stop', 'system_reset', 'cont'], signal)),
    }
  },
})
