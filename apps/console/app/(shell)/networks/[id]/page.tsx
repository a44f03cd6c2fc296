import type { Metadata } from 'next'
import { NetworkPage } from '../../../../networks/NetworkPage.tsx'

export const metadata: Metadata = { title: 'Network' }

/** One network. */
export default function Page() {
  return <NetworkPage />
}
