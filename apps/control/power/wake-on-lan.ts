import wol from 'wake_on_lan'
import { z } from 'zod'
import { definePowerDriver } from './driver.ts'

/** Wake-on-LAN: turns a machine on by a magic packet to each of its cards, and can do nothing else. */
export const wakeOnLan = definePowerDriver({
  id: 'wake-on-lan', title: 'Wake-on-LAN',
  cannotWhy: 'Wake-on-LAN can only turn a machine on: what runs on the machine restarts it, or you do',
  options: z.object({ port: z.number().int().min(1).max(65535).default(9) }),
  connect: ({ port }, { macs, broadcasts }) => ({
    on: async () => {
      for (const mac of macs) for (const address of broadcasts) await new Promise<void>((resolve, reject) => {
        wol.wake(mac, { address, port, num_packets: 3, interval: 100 }, (error) => (error ? reject(new Error(`sending the magic packet to ${mac}`, { cause: error })) : resolve()))
      })
    },
    askPerson: { on: 'Press the power button', off: 'Turn the machine off by its power button', cycle: 'Restart the machine: it could not be reached over the network' },
  }),
})
