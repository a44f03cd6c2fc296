import { readFileSync } from 'node:fs'
import { renderBytes } from '../show/amount.ts'
import { advice, fine, type Check, type Finding } from './check.ts'

/** Judges `net.core.rmem_max`. Root may go above it, so it matters only for what runs without root. */
export function judgeReceiveBuffer(bytes: number, isRoot: boolean): Finding {
  const text = `net.core.rmem_max is ${renderBytes(bytes)}`
  if (bytes >= 8 * 1024 * 1024) return fine(text)
  return isRoot ? fine(`${text}; root takes 8 MiB all the same`) : advice(`${text}: a rack that boots at once could lose packets`, 'run the appliance as root, or set net.core.rmem_max = 8388608 in /etc/sysctl.d')
}

/** A hundred machines that boot at once send more than the default buffer holds. */
export const receiveBuffer: Check = { id: 'receive-buffer', title: 'Receive buffers', run: async () => judgeReceiveBuffer(Number(readFileSync('/proc/sys/net/core/rmem_max', 'utf8')), process.getuid?.() === 0) }
