import { z } from 'zod'

/** How far a boot came, in the order of a boot. */
export const bootStages = ['asking', 'offered', 'addressed', 'loader', 'script', 'kernel', 'ramdisk', 'inventory', 'disk'] as const
export type BootStage = (typeof bootStages)[number]

/** One row of a boot's timeline: a packet, a whole transfer, a decision, a line that matters. */
export const BootEntry = z.object({
  at: z.string().describe('ISO 8601, UTC'),
  offsetMs: z.number().describe('Since the first packet of this boot'),
  gapMs: z.number().nonnegative().describe('How long nothing happened before it'),
  lane: z.enum(['dhcp', 'tftp', 'http', 'arp', 'script', 'kernel', 'ramdisk', 'life']),
  direction: z.enum(['in', 'out', 'none']).describe('in: from the machine; out: to it; none: neither'),
  title: z.string().describe('DISCOVER, OFFER, READ snponly.efi, GET /boot.ipxe, ...'),
  detail: z.string().describe('The rest in a few words'),
  level: z.enum(['debug', 'info', 'warn', 'error']),
  count: z.number().int().positive().describe('How many packets or lines this row stands for'),
  bytes: z.number().int().nonnegative().nullable(),
  durationMs: z.number().nonnegative().nullable().describe('For a transfer: from its request to its end'),
  retries: z.number().int().nonnegative(),
  seq: z.number().int().nullable().describe('Its line in the journal, where it has one'),
}).meta({ id: 'BootEntry' })
export type BootEntry = z.infer<typeof BootEntry>

/** What a rule found, in plain words. */
export const Diagnosis = z.object({
  id: z.string().describe('Of the rule, e.g. offer-not-taken'),
  severity: z.enum(['error', 'warn', 'info']),
  title: z.string().describe('A few words'),
  happened: z.string().describe('A sentence'),
  todo: z.string().describe('A sentence that says what to do'),
  evidence: z.array(z.number().int().nonnegative()).describe('Positions in the entries of the boot'),
}).meta({ id: 'Diagnosis' })
export type Diagnosis = z.infer<typeof Diagnosis>

/** One attempt to boot, from the firmware's first packet on. */
export const Boot = z.object({
  id: z.string(), startedAt: z.string(), endedAt: z.string().describe('When the last thing of it happened'),
  mac: z.string(), firmware: z.string().describe('e.g. UEFI x64, or empty where it did not say'), path: z.string().describe('How it booted, e.g. TFTP snponly.efi'),
  stage: z.enum(bootStages), outcome: z.enum(['running', 'discovered', 'disk', 'waiting', 'ignored', 'stopped']).describe('running: it may still go on'),
  summary: z.string(), packets: z.number().int(), bytes: z.number().int(), retries: z.number().int(),
  left: z.number().int().describe('Rows that are not shown because there are too many'),
  entries: z.array(BootEntry), diagnoses: z.array(Diagnosis),
}).meta({ id: 'Boot' })
export type Boot = z.infer<typeof Boot>

/** The boots of one machine, newest first. */
export const Boots = z.object({ machineId: z.string().nullable(), macs: z.array(z.string()), recordedBytes: z.number().int(), boots: z.array(Boot) }).meta({ id: 'Boots' })
export type Boots = z.infer<typeof Boots>

/** A network card that asked for an address here and belongs to no machine. */
export const Stranger = z.object({ mac: z.string(), lastSeenAt: z.string(), recordedBytes: z.number().int() }).meta({ id: 'Stranger' })
export type Stranger = z.infer<typeof Stranger>

/** The ways to hand a machine over to its disk. `auto`: by its firmware. `sanboot`: INT 13h. `grub`: our GRUB finds it. `exit`: the firmware's next boot entry. */
export const diskMethods = ['auto', 'sanboot', 'grub', 'exit'] as const
export type DiskMethod = (typeof diskMethods)[number]

/** How one kind of machine boots: learned from its boots, and editable. */
export const BootPath = z.object({
  id: z.string().describe('Of the kind: firmware, manufacturer and product'),
  manufacturer: z.string(), product: z.string(), firmware: z.enum(['bios', 'uefi']), secureBoot: z.boolean(),
  machines: z.array(z.string()).describe('Names of the machines of this kind'),
  loader: z.string().describe('How the loader came, e.g. TFTP snponly.efi, window 4; empty: never seen'),
  loaderBoots: z.number().int(), loaderMs: z.number().nullable().describe('How long the loader took at the last boot'),
  disk: z.array(z.object({ method: z.enum(diskMethods), worked: z.number().int(), failed: z.number().int(), lastAt: z.string() })),
  wished: z.enum(diskMethods).describe('What a person chose; auto: what was learned'), used: z.enum(diskMethods).describe('What the next boot from disk gets'),
  why: z.string(),
}).meta({ id: 'BootPath' })
export type BootPath = z.infer<typeof BootPath>
export const BootPathPatch = z.object({ wished: z.enum(diskMethods) })

/**
 * The boot black box, below the same prefix as the operator API:
 *
 * | method and path | answer |
 * | --- | --- |
 * | GET machines/:m/boots?limit=N | Boots: its newest N boots (10 at first) with their diagnoses. `:m` may also be the MAC of a stranger |
 * | GET machines/:m/packets.pcap | its recorded packets as a capture file |
 * | GET strangers | Stranger[] |
 * | GET boot-paths, PUT boot-paths/:id (BootPathPatch) | BootPath[], BootPath |
 */
export const bootsLimit = { standard: 10, most: 50 } as const
