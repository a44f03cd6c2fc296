import type { z } from 'zod'
import type { AgentReport, EnrolRequest, EnrolResponse, Target } from '#contract/agent-api'
import type { LogLine } from '#contract/events'
import type { Inventory } from '#contract/inventory'
import type { Mac } from '#contract/mac'
import type { Order, OrderReport } from '../machines/ramdisk/orders.ts'

/** A line that an agent sent; `app` names the app that wrote it, where one did. */
export interface AgentLine extends Omit<LogLine, 'seq'> { readonly app?: string | undefined }

/** All that machines ask of control, after their bytes were checked. `held` and `refused` carry a sentence for the machine's own log. */
export interface MachineDeps {
  /** Facts of a ramdisk: registers or updates the machine, or holds the claim because another live machine has this MAC or UUID. */
  facts(mac: Mac, token: string, inventory: Inventory): Promise<{ kind: 'taken' } | { kind: 'held'; why: string }>
  /** A machine that has proved who it is, by its session or certificate, speaks from this address. */
  heardFrom(machineId: string, address: string): void
  /** The agent of a machine that has proved who it is asks at this address of ours. */
  reachedAt(machineId: string, address: string): void
  /** The machine whose ramdisk owns `mac` with this token; counts as a sign of life. Undefined: it must post its facts (again). */
  owner(mac: Mac, token: string): string | undefined
  takeOrder(machineId: string, waitMs: number, signal: AbortSignal): Promise<Order | undefined>
  /** False: the order is not wanted any more. */
  reportOrder(machineId: string, orderId: string, report: OrderReport): boolean
  /** `sha256 compressedBytes offsetBytes lengthBytes target` a line; undefined: that is not the machine's order. */
  chunkList(machineId: string, orderId: string): string | undefined
  /**
   * What is laid over the root file system: identity, network, keys, a fresh enrolment secret, and where its agent finds the appliance: `at`, the
   * address of ours that its ramdisk reached. Undefined: that is not the machine's order.
   */
  filesTar(machineId: string, orderId: string, at: string): Promise<Buffer | undefined>
  enrol(request: z.infer<typeof EnrolRequest>, address: string): Promise<{ kind: 'enrolled'; response: z.infer<typeof EnrolResponse> } | { kind: 'refused'; why: string }>
  renew(machineId: string, csr: string): ReturnType<MachineDeps['enrol']>
  /** Whether a certificate with this serial (lower-case hex) was revoked, or its machine forgotten. */
  isRevoked(serial: string, machineId: string): boolean
  /** The machine's target, as soon as it differs from `etag`; undefined after `waitMs`. */
  target(machineId: string, etag: string, waitMs: number, signal: AbortSignal): Promise<Target | undefined>
  report(machineId: string, report: AgentReport): void
  /** Whether an app of this name was ever deployed: only such a one has a log. */
  hasApp(name: string): boolean
  agentLog(machineId: string, lines: readonly AgentLine[]): void
}
