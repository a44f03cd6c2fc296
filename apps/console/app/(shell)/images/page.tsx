import type { Metadata } from 'next'
import { ImagesPage } from '../../../cloud/ImagesPage.tsx'

export const metadata: Metadata = { title: 'Images' }

/** Images and their builds. */
export default function Page() {
  return <ImagesPage />
}
