/** What the boot HTTP server tells the thread that sends its files. */
export type FileOrder =
  /** Sends bytes `start` to `end` (inclusive) into a connected socket, whose descriptor `fd` belongs to the thread from now on. */
  | { kind: 'send'; id: number; slot: number; fd: number; path: string; start: number; end: number }
  | { kind: 'drop'; id: number }
  | { kind: 'close' }

/** What the thread says: all is in the socket, or why not. */
export type FileReport = { kind: 'ended'; id: number; sentBytes: number; fault: string | null } | { kind: 'broken'; error: string }

/** How many files may be on their way at once: more than there are connections. */
export const sendLimit = 4096
