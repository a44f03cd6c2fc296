/**
 * A machine's life as a table. Types, buttons, badge colours and the diagram in the README are read from here.
 *
 * `phase` is what was observed; what is wished (`intent`: role, options, generation) is another field. "Pending" is not a
 * phase: it is the two differing. An absent pair is an illegal transition: it is recorded and never applied.
 */
export const transitions = {
  seen: { 'inventory.posted': 'discovered', 'agent.reported': 'ready', 'machine.forgotten': 'retired' },
  discovered: { 'inventory.posted': 'discovered', 'deploy.started': 'deploying', 'step.failed': 'failed', 'machine.forgotten': 'retired' },
  deploying: { 'disk.booted': 'starting', 'agent.enrolled': 'starting', 'step.failed': 'failed', 'release.started': 'releasing', 'claim.accepted': 'discovered' },
  starting: { 'services.verified': 'ready', 'step.failed': 'failed', 'deploy.started': 'deploying', 'release.started': 'releasing', 'claim.accepted': 'discovered' },
  ready: { 'agent.silent': 'silent', 'step.failed': 'failed', 'deploy.started': 'deploying', 'role.changed': 'starting', 'release.started': 'releasing', 'claim.accepted': 'discovered' },
  silent: { 'agent.reported': 'ready', 'inventory.posted': 'discovered', 'deploy.started': 'deploying', 'step.failed': 'failed', 'release.started': 'releasing', 'machine.forgotten': 'retired', 'claim.accepted': 'discovered' },
  failed: { 'deploy.started': 'deploying', 'agent.enrolled': 'starting', 'role.changed': 'starting', 'release.started': 'releasing', 'release.finished': 'discovered', 'machine.forgotten': 'retired', 'claim.accepted': 'discovered' },
  releasing: { 'release.finished': 'discovered', 'step.failed': 'failed', 'claim.accepted': 'discovered' },
  retired: {},
} as const

/** What was observed of a machine. */
export type Phase = keyof typeof transitions

/** All phases, in the order of a machine's life. */
export const phases = Object.keys(transitions) as [Phase, ...Phase[]]

/** What moves a machine from one phase to another. */
export type LifecycleEvent = { [P in Phase]: keyof (typeof transitions)[P] }[Phase] & string

/** The phase after `event`, or undefined where the pair is illegal. */
export function nextPhase(phase: Phase, event: LifecycleEvent): Phase | undefined {
  return (transitions[phase] as Partial<Record<LifecycleEvent, Phase>>)[event]
}

/** What an operator may ask for, and in which phases. The button, the API and the CLI all read this. */
export const machineCan = {
  assignRole: ['discovered', 'ready', 'failed', 'silent'],
  release: ['deploying', 'starting', 'ready', 'silent', 'failed'],
  retry: ['failed'],
  rename: ['seen', 'discovered', 'deploying', 'starting', 'ready', 'silent', 'failed', 'releasing'],
  forget: ['seen', 'discovered', 'silent', 'failed'],
  power: ['seen', 'discovered', 'deploying', 'starting', 'ready', 'silent', 'failed', 'releasing'],
} as const satisfies Record<string, readonly Phase[]>

/** An act on a machine. */
export type MachineAct = keyof typeof machineCan

/** Whether `act` is allowed in `phase`. */
export const isAllowed = (act: MachineAct, phase: Phase): boolean => (machineCan[act] as readonly Phase[]).includes(phase)
