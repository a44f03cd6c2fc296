import type { Metadata } from 'next'
import { SettingsPage } from '../../../settings/SettingsPage.tsx'

export const metadata: Metadata = { title: 'Settings' }

/** SSH keys and the password. */
export default function Page() {
  return <SettingsPage />
}
