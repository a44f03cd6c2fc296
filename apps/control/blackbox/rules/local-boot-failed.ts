import type { Moment } from '../moment.ts'
import { diskSpoke } from '../sessions.ts'
import { defineRule } from './rule.ts'

type Script = Moment & { kind: 'script' }
const apartMs = 4000

/** The loader tried to start the disk, could not, and asks for its script again. */
export const localBootFailed = defineRule({
  id: 'local-boot-failed', title: 'Its disk could not be started',
  look({ session }) {
    const scripts = session.moments.filter((moment): moment is Script => moment.kind === 'script' && moment.decision === 'localDisk')
    const [first] = scripts
    const later = scripts.filter(({ atMs }) => first !== undefined && atMs - first.atMs >= apartMs)
    if (first === undefined || later.length === 0 || diskSpoke(session)) return undefined
    return {
      severity: 'error', evidence: [first, ...later.slice(0, 2)], happened: `iPXE was told to start the disk ${scripts.length} times and came back each time: the firmware gave it no disk that boots.`,
      todo: 'Look whether the disk is the first one in the firmware’s list, and whether its controller’s boot ROM is on; choose another way into the disk for this kind of machine under Boot paths (page Settings), or deploy it again.',
    }
  },
})
