'use client'
import { BootPaths } from '../blackbox/BootPaths.tsx'
import { PageHead, Section } from '../kit/Page.tsx'
import { useToast } from '../shell/Toasts.tsx'
import { PasswordForm } from './PasswordForm.tsx'
import { SshKeysForm } from './SshKeysForm.tsx'
import { TokensForm } from './TokensForm.tsx'

/** The administrator's keys, password and tokens, and how kinds of machines boot. */
export function SettingsPage() {
  const say = useToast()
  return (
    <>
      <PageHead title="Settings" />
      <div className="grid items-start gap-5 xl:grid-cols-2">
        <Section title="SSH keys"><div className="px-4 py-4"><SshKeysForm /></div></Section>
        <Section title="API tokens"><div className="px-4 py-4"><TokensForm /></div></Section>
        <Section title="Boot paths" note="learned for each kind of machine" className="xl:col-span-2 xl:order-last"><BootPaths /></Section>
        <Section title="Password"><div className="max-w-md px-4 py-4"><PasswordForm onDone={() => say('The password is changed.')} /></div></Section>
      </div>
    </>
  )
}
