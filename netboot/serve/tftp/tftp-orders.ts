import type { TftpPacket } from '../../codec/tftp.ts'
import type { ClientKey } from '../linux/datagrams.ts'

/** What the server tells the thread that moves its files. */
export type MoverOrder =
  /** Sockets to send from; they belong to the thread from now on. */
  | { kind: 'sockets'; fds: readonly number[] }
  | { kind: 'release'; fds: readonly number[] }
  | { kind: 'start'; id: number; slot: number; fd: number; client: ClientKey; request: TftpPacket & { kind: 'read' | 'write' }; source: MoverSource; /** The largest window it may have. */ mostBlocks: number }
  | { kind: 'end'; id: number }
  | { kind: 'close' }

/** Where the bytes are: in a file that never changes, or here. */
export type MoverSource = { readonly path: string; readonly sizeBytes: number } | { readonly bytes: Uint8Array }

/** What the thread says. */
export type MoverReport =
  | { kind: 'started'; id: number; sizeBytes: number; blockSize: number; windowSize: number }
  /** `sizeOnly`: the client wanted to know no more. `resends` counts windows. */
  | { kind: 'ended'; id: number; outcome: 'sent' | 'failed' | 'sizeOnly'; why: string; sentBytes: number; resends: number; roundTripMs: number | null }
  | { kind: 'dropped'; reason: 'malformed' | 'not-a-request' | 'unknown-client'; count: number }
  | { kind: 'broken'; error: string }

/** What a transfer's slot of shared memory holds while it is not a count of bytes that the client has. */
export const slotState = { ended: -2, unconfirmed: -1 } as const

/** How many transfers there may be at once. */
export const transferLimit = 1024

/**
 * How many have a slot: as many requests as are read in a row may each take the place of an older one before it is heard that those have
 * ended and their slots are free.
 */
export const slotLimit = transferLimit + 512
