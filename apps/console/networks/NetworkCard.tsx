import Link from 'next/link'
import type { Network } from '#contract/network-api'
import { Icon } from '../kit/Icon.tsx'
import { Notice } from '../kit/Notice.tsx'
import { pages } from '../paths.ts'
import { asSentence } from '../text/format.ts'
import { PoolBar } from './PoolBar.tsx'

/** What a mode means, in few words. */
export const modeWords: Record<Network['mode'], string> = { full: 'DHCP server', proxy: 'proxyDHCP' }

/** One network of the list. */
export function NetworkCard({ network }: { network: Network }) {
  return (
    <article className="panel flex h-full flex-col overflow-hidden" aria-label={network.title}>
      <header className="flex flex-wrap items-start gap-x-3 gap-y-2 px-4 pt-3.5">
        <div className="min-w-0 flex-1 basis-56">
          <h2 className="plate text-lg leading-tight"><Link href={pages.network(network.id)} prefetch={false} className="hover:text-mark">{network.title}</Link></h2>
          <p className="mt-0.5 flex flex-wrap gap-x-3 font-mono text-xs text-ink-3"><span>{network.cidr}</span><span>{network.relayed ? `relayed to ${network.interface}` : network.interface}</span></p>
        </div>
        <p className="flex flex-wrap justify-end gap-1.5 text-xs"><Chip>{modeWords[network.mode]}</Chip><Chip>{network.policy === 'discover' ? 'discovers strangers' : 'ignores strangers'}</Chip></p>
      </header>
      <div className="flex-1 px-4 py-3.5"><PoolBar network={network} /></div>
      {network.notices.length > 0 ? <div className="flex flex-col gap-2 px-4 pb-4">{network.notices.map((text) => <Notice key={text} tone="warn">{asSentence(text)}</Notice>)}</div> : null}
      <Link href={pages.network(network.id)} prefetch={false} aria-label={`Open ${network.title}`} className="flex items-center justify-between border-t border-line bg-raised px-4 py-2 text-sm text-ink-2 hover:text-mark">Leases, reservations, settings<Icon name="right" /></Link>
    </article>
  )
}

function Chip({ children }: { children: string }) {
  return <span className="rounded-full border border-line-2 px-2 py-0.5 whitespace-nowrap text-ink-2">{children}</span>
}
