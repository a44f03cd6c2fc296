import { broken, fine, type Check } from './check.ts'

/** Serving the network takes root: ports below 1024, raw frames, namespaces. */
export const root: Check = {
  id: 'root', title: 'Rights',
  run: async () => (process.getuid?.() === 0 ? fine('running as root') : broken('not root', 'run scripts/up with sudo; some checks below see less without it')),
}
