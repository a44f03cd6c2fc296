import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { serverAddress } from '../world.ts'
import type { FilePeer } from './peer.ts'

/** nginx with one worker, since it has one core, and sendfile. */
export const nginx: FilePeer = {
  id: 'nginx',
  plan(world, folder) {
    const own = world.scratch('nginx')
    const config = path.join(own, 'nginx.conf')
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${path.join(own, name)};`).join(' ')
    writeFileSync(config, [
      `worker_processes 1; daemon off; pid ${path.join(own, 'pid')}; error_log ${path.join(own, 'error')}; user root; events { worker_connections 4096; }`,
      `http { access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000; ${temporary} server { listen ${serverAddress}:80; root ${folder}; } }`, '',
    ].join('\n'))
    return { argv: ['nginx', '-p', own, '-c', config, '-e', path.join(own, 'error')], listens: { protocol: 'tcp', port: 80 } }
  },
  path: (name) => `/${name}`,
}
