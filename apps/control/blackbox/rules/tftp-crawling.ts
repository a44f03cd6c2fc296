import { isLossy, tftpOf } from '../sessions.ts'
import { defineRule, size, span } from './rule.ts'

const slowBytesPerSecond = 50_000
const slowMs = 10_000

/** Blocks that must be sent again and again, or that come so slowly that something on the way is broken. */
export const tftpCrawling = defineRule({
  id: 'tftp-crawling', title: 'TFTP crawls',
  look({ session, quietMs }) {
    for (const transfer of tftpOf(session)) {
      if (transfer.end === 'refused' || transfer.end === 'silent') continue
      const tookMs = transfer.endMs - transfer.atMs
      const blocks = Math.max(1, transfer.bytes / transfer.blockSize)
      // Nothing of full size ever arrives: the way is narrower than the block.
      if (transfer.end !== 'done' && transfer.retries >= 3 && blocks <= transfer.windowSize && quietMs > 2000) return {
        severity: 'error', evidence: [transfer], happened: `The first block of ${transfer.file} (${transfer.blockSize} bytes) was sent ${transfer.retries + 1} times and never confirmed.`,
        todo: 'Look for a smaller MTU on the way (a tunnel, a VLAN in a VLAN) and for a firewall that drops UDP from high ports: small packets pass, full ones do not.',
      }
      const isSlow = tookMs > slowMs && transfer.bytes > 0 && transfer.bytes / (tookMs / 1000) < slowBytesPerSecond
      if (isLossy(transfer) || isSlow) return {
        severity: 'warn', evidence: [transfer], happened: `The loader ${transfer.file} ${transfer.end === 'done' ? 'took' : 'has taken'} ${span(tookMs)} by TFTP for ${size(transfer.bytes)}${transfer.retries > 0 ? `, with ${transfer.retries} packets sent again` : ''}.`,
        todo: 'Look at the error counters of its switch port and cable: a wrong duplex setting or a bad cable loses packets. UEFI HTTP Boot, where the firmware has it, is less sensitive than TFTP.',
      }
    }
    return undefined
  },
})
