import { httpOf, scriptOf } from '../sessions.ts'
import { defineRule, size, span } from './rule.ts'

const patienceMs = 30_000

/** The script sent it into the ramdisk, and kernel and ramdisk never arrived whole. */
export const downloadStopped = defineRule({
  id: 'download-stopped', title: 'The ramdisk’s download stopped',
  look({ session, quietMs }) {
    const script = scriptOf(session)
    if (script?.decision !== 'ramdisk' || quietMs < patienceMs) return undefined
    const files = httpOf(session).filter(({ atMs, path, method }) => method === 'GET' && atMs >= script.atMs && /vmlinuz|initrd/.test(path))
    if (files.some(({ path, end }) => /initrd/.test(path) && end === 'done') || session.moments.some((moment) => moment.atMs > script.atMs && (moment.kind === 'kernel' || moment.kind === 'inventory' || ((moment.kind === 'dhcp' || moment.kind === 'dhcp6') && moment.client === 'system')))) return undefined
    const last = files.at(-1)
    const refused = files.find(({ status }) => (status ?? 200) >= 400)
    return {
      severity: 'error', evidence: [script, ...files.slice(-2)],
      happened: last === undefined ? 'It got its boot script and never asked for the kernel.' : refused !== undefined ? `It asked for ${refused.path} and was answered ${refused.status}.`
        : `It stopped in the middle of ${last.path.split('/').at(-1) ?? ''}, after ${size(last.bytes)}${last.sizeBytes === null ? '' : ` of ${size(last.sizeBytes)}`} and ${span(last.endMs - last.atMs)}.`,
      todo: last === undefined ? 'Look at its screen: iPXE prints why it goes no further.' : refused !== undefined ? 'Look at the page Images: the ramdisk may have been rebuilt just then; boot the machine again.'
        : 'Look whether it lost power or its link; too little memory for the ramdisk (it needs about 1 GiB) ends a download too. iPXE prints the reason on its screen.',
    }
  },
})
