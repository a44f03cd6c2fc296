import path from 'node:path'
import { serverAddress } from '../world.ts'
import type { FilePeer } from './peer.ts'

/** atftpd: a thread for each transfer, windowsize since 0.8. Unpacked by scripts/install. */
export const atftpd = (built: string): FilePeer => ({
  id: 'atftpd',
  plan: (world, folder) => ({
    argv: [path.join(built, '../atftpd/usr/sbin/atftpd'), '--daemon', '--no-fork', '--port', '69', '--bind-address', serverAddress, '--user', 'root', '--group', 'root', '--maxthread', '1000', '--verbose=0', '--logfile', path.join(world.scratch('atftpd'), 'log'), folder],
    listens: { protocol: 'udp', port: 69 },
  }),
  path: (name) => name,
})
