import { z } from 'zod'

/**
 * One line of the journal: what happened, to which machine, when. Past tense, dotted, subject first.
 *
 * `seq` rises by one for each line of the whole appliance and never repeats: a browser says the last one it has and is sent the rest.
 * `text` is a finished sentence for people; `data` holds the facts for programs. Neither ever holds a secret.
 */
export const JournalEvent = z.object({
  seq: z.number().int().positive(),
  at: z.string().describe('ISO 8601, UTC'),
  machineId: z.string().nullable(),
  kind: z.string().describe('dhcp.offered, file.sent, script.rendered, inventory.posted, step.started, step.failed, role.assigned, log.kernel, ...'),
  level: z.enum(['debug', 'info', 'warn', 'error']),
  text: z.string(),
  data: z.record(z.string(), z.unknown()),
}).meta({ id: 'JournalEvent' })
export type JournalEvent = z.infer<typeof JournalEvent>

/** A line of a machine's log: kernel, ramdisk, agent, journald or an app instance. `seq` is the position in that machine's log. */
export const LogLine = z.object({
  seq: z.number().int().nonnegative(), at: z.string(),
  source: z.enum(['netboot', 'kernel', 'ramdisk', 'agent', 'journal', 'app']),
  level: z.enum(['debug', 'info', 'warn', 'error']), text: z.string(),
}).meta({ id: 'LogLine' })
export type LogLine = z.infer<typeof LogLine>
