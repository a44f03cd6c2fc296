import type { Metadata } from 'next'
import { NetworksPage } from '../../../networks/NetworksPage.tsx'

export const metadata: Metadata = { title: 'Networks' }

/** Provisioning networks. */
export default function Page() {
  return <NetworksPage />
}
