import type { Metadata } from 'next'
import { NetworksPage } from '../../../settings/NetworksPage.tsx'

export const metadata: Metadata = { title: 'Networks' }

/** Provisioning networks. */
export default function Page() {
  return <NetworksPage />
}
