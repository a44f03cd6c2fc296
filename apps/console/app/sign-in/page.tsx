import type { Metadata } from 'next'
import { Suspense } from 'react'
import { SignIn } from '../../shell/SignIn.tsx'

export const metadata: Metadata = { title: 'Sign in' }

/** Sign in, and the change of the one-time password. */
export default function SignInPage() {
  return <Suspense><SignIn /></Suspense>
}
