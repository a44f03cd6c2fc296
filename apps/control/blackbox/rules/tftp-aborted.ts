import { addressTalkOf, httpOf, tftpOf } from '../sessions.ts'
import { defineRule, size } from './rule.ts'

/** It ends a transfer in the middle, and does not get the file afterwards. A question for the size that ends with an error is normal and is no transfer. */
export const tftpAborted = defineRule({
  id: 'tftp-aborted', title: 'It broke off its loader', behind: ['tftp-crawling'],
  look({ session, quietMs }) {
    const transfers = tftpOf(session)
    const aborted = transfers.filter(({ end }) => end === 'aborted')
    const last = aborted.at(-1)
    if (last === undefined || quietMs < 5000 || transfers.some((one) => one.end === 'done' && one.atMs > last.atMs)) return undefined
    if (addressTalkOf(session).some(({ atMs, client }) => client === 'ipxe' && atMs > last.atMs) || httpOf(session).some(({ atMs }) => atMs > last.atMs)) return undefined
    return {
      severity: 'error', evidence: aborted.slice(-3), happened: `It ended the transfer of ${last.file} itself after ${size(last.bytes)}${last.error === '' ? '' : `, saying “${last.error}”`}.`,
      todo: 'Update its firmware, or boot it by UEFI HTTP Boot instead of TFTP; too little memory for the loader, or a network card that loses packets, also show like this.',
    }
  },
})
