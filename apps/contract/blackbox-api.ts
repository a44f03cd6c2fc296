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

/** The ways to a loader. `auto`: as its firmware asks. `tftp`: PXE only. `http`: UEFI HTTP Boot only. */
export const loaderMethods = ['auto', 'tftp', 'http'] as const
export type LoaderMethod = (typeof loaderMethods)[number]

/** The most TFTP blocks before an answer: what may be wished. */
export const tftpWindows = { least: 1, most: 64 } as const
const TftpWindow = z.number().int().min(tftpWindows.least).max(tftpWindows.most)

/** Where a choice comes from. `usual`: nothing speaks against what is usual for its firmware. `learned`: from its boots. `person`: somebody set it. */
const choiceSources = ['usual', 'learned', 'person'] as const
export type ChoiceSource = (typeof choiceSources)[number]
const choice = { source: z.enum(choiceSources), why: z.string().describe('A sentence'), chosenBy: z.string().nullable().describe('The user who chose it'), chosenAt: z.string().nullable() }
const ways = <const Method extends string>(methods: readonly Method[]) => z.array(z.object({ method: z.enum(methods), worked: z.number().int(), failed: z.number().int(), lastAt: z.string().describe('Empty: never tried') })).describe('The ways that its firmware has')

/** How one kind of machine boots: learned from its boots, and editable. In each choice `wished` is what a person set and `used` what its next boot gets. */
export const BootPath = z.object({
  id: z.string().describe('Of the kind: firmware, manufacturer and product'),
  manufacturer: z.string(), product: z.string(), firmware: z.enum(['bios', 'uefi']), secureBoot: z.boolean(),
  machines: z.array(z.string()).describe('Names of the machines of this kind'),
  seen: z.object({
    loader: z.string().describe('How the loader came at the last boot, e.g. TFTP snponly.efi, window 4; empty: never seen'), boots: z.number().int().describe('How many boots in a row it came so'), ms: z.number().nullable().describe('How long it took'),
  }),
  loader: z.object({ wished: z.enum(loaderMethods), used: z.enum(loaderMethods), ...choice, ways: ways(loaderMethods) }),
  window: z.object({ wished: TftpWindow.nullable().describe('Null: automatic'), used: TftpWindow.nullable().describe('The most TFTP blocks before an answer; null: as many as the firmware asks for'), ...choice }),
  disk: z.object({ wished: z.enum(diskMethods), used: z.enum(diskMethods), ...choice, ways: ways(diskMethods) }),
}).meta({ id: 'BootPath' })
export type BootPath = z.infer<typeof BootPath>

/** What a person sets of a boot path; what is absent stays. `auto` and null are back to what was learned. */
export const BootPathPatch = z.strictObject({ loader: z.enum(loaderMethods).optional(), window: TftpWindow.nullable().optional(), disk: z.enum(diskMethods).optional() })
  .refine((patch) => Object.values(patch).some((value) => value !== undefined), 'say at least one of loader, window and disk')
export type BootPathPatch = z.infer<typeof BootPathPatch>

/** What takes every choice of a person back. */
export const learnedBootPath = { loader: 'auto', window: null, disk: 'auto' } as const satisfies BootPathPatch

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
