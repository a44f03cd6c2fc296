import { z } from 'zod'

/**
 * Where machines ask the appliance for names and the time: its address on each network that it stands in itself, and the subnets whose
 * machines come to that address. Control writes it; whoever started control serves there.
 */
export const LocalNetworks = z.array(z.object({ address: z.ipv4(), allow: z.array(z.cidrv4()).max(64) })).max(32)
export type LocalNetworks = z.infer<typeof LocalNetworks>
