import type { Metadata } from 'next'
import { CloudPage } from '../../../cloud/CloudPage.tsx'

export const metadata: Metadata = { title: 'Cloud' }

/** The Application Cloud. */
export default function Page() {
  return <CloudPage />
}
