import { serverAddress } from '../world.ts'
import type { FilePeer } from './peer.ts'

/** H. Peter Anvin's tftpd: a process for each transfer, no windowsize. */
export const tftpdHpa: FilePeer = {
  id: 'tftpd-hpa',
  plan: (_, folder) => ({ argv: ['in.tftpd', '-L', '-s', '-u', 'root', '-a', `${serverAddress}:69`, folder], listens: { protocol: 'udp', port: 69 } }),
  path: (name) => name,
}
