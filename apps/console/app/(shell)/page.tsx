import type { Metadata } from 'next'
import { FleetPage } from '../../fleet/FleetPage.tsx'

export const metadata: Metadata = { title: 'Fleet' }

/** All machines. */
export default function Page() {
  return <FleetPage />
}
