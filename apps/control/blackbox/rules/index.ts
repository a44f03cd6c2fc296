import { addressInUse } from './address-in-use.ts'
import { bootLoop } from './boot-loop.ts'
import { claimHeld } from './claim-held.ts'
import { clockSkew } from './clock-skew.ts'
import { diskNotBooted } from './disk-not-booted.ts'
import { downloadStopped } from './download-stopped.ts'
import { duplicateUuid } from './duplicate-uuid.ts'
import { firstPacketsLost } from './first-packets-lost.ts'
import { held } from './held.ts'
import { ipv6LoaderNeverFetched } from './ipv6-loader-never-fetched.ts'
import { ipv6OfferNotTaken } from './ipv6-offer-not-taken.ts'
import { ipv6OtherServer } from './ipv6-other-server.ts'
import { kernelPanic } from './kernel-panic.ts'
import { loaderDidNotStart } from './loader-did-not-start.ts'
import { loaderLeft } from './loader-left.ts'
import { loaderMissing } from './loader-missing.ts'
import { loaderNeverFetched } from './loader-never-fetched.ts'
import { localBootFailed } from './local-boot-failed.ts'
import { nakLoop } from './nak-loop.ts'
import { noAddressServer } from './no-address-server.ts'
import { noAnswer } from './no-answer.ts'
import { noDisk } from './no-disk.ts'
import { offerNotTaken } from './offer-not-taken.ts'
import { otherServer } from './other-server.ts'
import { outOfAddresses } from './out-of-addresses.ts'
import { policyIgnored } from './policy-ignored.ts'
import { proxyPortClosed } from './proxy-port-closed.ts'
import { ramdiskMute } from './ramdisk-mute.ts'
import { ramdiskNotBuilt } from './ramdisk-not-built.ts'
import { ramdiskSilent } from './ramdisk-silent.ts'
import { relayUnknown } from './relay-unknown.ts'
import { scriptNeverFetched } from './script-never-fetched.ts'
import { slowDownload } from './slow-download.ts'
import { tftpAborted } from './tftp-aborted.ts'
import { tftpCrawling } from './tftp-crawling.ts'
import { tftpRefused } from './tftp-refused.ts'
import { tftpUnanswered } from './tftp-unanswered.ts'
import { tooLittleMemory } from './too-little-memory.ts'
import { wrongArchitecture } from './wrong-architecture.ts'
import type { Rule } from './rule.ts'

/** All rules, in the order of a boot. A new one is one file and one line here. */
export const rules: readonly Rule[] = [
  otherServer,
  ipv6OtherServer,
  proxyPortClosed,
  firstPacketsLost,
  policyIgnored,
  outOfAddresses,
  relayUnknown,
  wrongArchitecture,
  loaderMissing,
  loaderLeft,
  noAddressServer,
  noAnswer,
  offerNotTaken,
  ipv6OfferNotTaken,
  nakLoop,
  addressInUse,
  loaderNeverFetched,
  ipv6LoaderNeverFetched,
  tftpUnanswered,
  tftpRefused,
  tftpCrawling,
  tftpAborted,
  loaderDidNotStart,
  scriptNeverFetched,
  ramdiskNotBuilt,
  held,
  downloadStopped,
  slowDownload,
  kernelPanic,
  tooLittleMemory,
  ramdiskSilent,
  ramdiskMute,
  clockSkew,
  claimHeld,
  duplicateUuid,
  noDisk,
  diskNotBooted,
  localBootFailed,
  bootLoop,
]
