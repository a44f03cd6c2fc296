import type { JournalEvent, LogLine } from '#contract/events'
import type { BalancerWatch } from './watch-apps.ts'
import type { ApplianceTls, AppRecord, CloudMachine, RoleContext } from '#control/roles/role'

/** How the load balancer is reached: its address on the network (null: there is none yet), and the port on the host's loopback that leads there, 0 for none. */
export interface BalancerDoor { readonly address: string | null; readonly loopbackPort: number }

/** What the apps module may ask of the rest of control. */
export interface AppDeps {
  readonly dataDir: string
  /** Where the load balancer answers for whoever operates the appliance. `loopbackPort`: the host's own loopback leads there, as in a lab. */
  door(): BalancerDoor
  /** What the load balancer was last seen to find of the apps. */
  readonly balancer: BalancerWatch
  /** Where the reproducible runtime base image was built, undefined until it is ready. */
  runtimeBaseDir(): string | undefined
  /** All machines with their last agent reports. Synchronous and cheap. */
  machines(): readonly CloudMachine[]
  /** A role's view of one machine: secrets and settings among it. Undefined where there is no such machine. */
  roleContext(machineId: string): RoleContext | undefined
  readonly apps: AppStore
  /** A clientAuth certificate of the appliance, issued by its own CA: the image registry asks for one. */
  tls(): ApplianceTls
  secret(name: string): string
  setting(name: string): string | undefined
  setSetting(name: string, value: string): void
  /** Appends to the journal and publishes. */
  record(event: Omit<JournalEvent, 'seq' | 'at'>): void
  /** Appends to an app's log, kept as a machine's is. */
  log(app: string, line: Omit<LogLine, 'seq'>): void
  readLog(app: string, after: number, limit: number): { lines: LogLine[]; nextSeq: number }
  /** Tells every waiting agent to ask for its target again and browsers to draw the cloud anew. */
  changed(): void
  /** Tells browsers alone to draw the cloud anew. */
  redraw(): void
  now(): number
}

/** The apps table: rows are JSON that only the apps module reads. Changes are seen at once; their promises tell when they are on disk. */
export interface AppStore {
  list(): readonly AppRecord[]
  find(name: string): AppRecord | undefined
  put(name: string, value: unknown): Promise<void>
  remove(name: string): Promise<void>
}
