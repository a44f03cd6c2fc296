import { defineRule } from './rule.ts'

/** The ramdisk found no disk. */
export const noDisk = defineRule({
  id: 'no-disk', title: 'It has no disk that Linux sees',
  look({ session, context: { machine } }) {
    const posted = session.moments.filter(({ kind }) => kind === 'inventory')
    if (posted.length === 0 || machine?.disks !== 0) return undefined
    return {
      severity: 'warn', evidence: posted.slice(-1), happened: 'The ramdisk found no disk in it.',
      todo: 'Look at its cables and controller; set the controller to AHCI or HBA mode where it is in RAID mode, and define a volume where it has none.',
    }
  },
})
