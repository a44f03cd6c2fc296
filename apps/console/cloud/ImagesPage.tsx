'use client'
import { useQuery } from '@tanstack/react-query'
import type { Image } from '#contract/operator-api'
import { imagesQuery } from '../api/queries.ts'
import { faultSentence } from '../api/request.ts'
import { Empty, Notice, Skeleton } from '../kit/Notice.tsx'
import { PageHead } from '../kit/Page.tsx'
import { useNow } from '../live/use-now.ts'
import { formatAgo, formatBytes, safeText } from '../text/format.ts'

const kinds: Record<Image['kind'], string> = { ramdisk: 'Sent to machines that boot from the network.', os: 'Written to the disk of a machine that gets a role.', runtime: 'Apps are built on it.' }
const states: Record<Image['state'], { word: string, text: string }> = { missing: { word: 'Not built yet', text: 'text-ink-3' }, building: { word: 'Building', text: 'text-amber' }, ready: { word: 'Ready', text: 'text-green' }, failed: { word: 'Failed', text: 'text-red' } }

/** What the appliance builds for its machines, and how far it is. */
export function ImagesPage() {
  const images = useQuery(imagesQuery)
  return (
    <>
      <PageHead title="Images" lead="Built on this appliance from Debian packages. Discovery never waits for the operating system." />
      {images.error && !images.data ? <Notice tone="error">{faultSentence(images.error)}</Notice> : null}
      {images.isPending ? <Skeleton rows={3} height="h-24" /> : null}
      {images.data?.length === 0 ? <Empty icon="image" title="No images"><p>The appliance lists them here as soon as it begins to build.</p></Empty> : null}
      <div className="grid gap-4 lg:grid-cols-2">{images.data?.map((image) => <ImageCard key={image.id} image={image} />)}</div>
    </>
  )
}

function ImageCard({ image }: { image: Image }) {
  const now = useNow(5000)
  const { word, text } = states[image.state]
  return (
    <article className="panel px-4 py-3.5" aria-label={image.title}>
      <header className="flex flex-wrap items-baseline gap-x-3">
        <h2 className="plate text-lg">{image.title}</h2>
        <span className={`flex items-center gap-1.5 text-sm font-medium ${text}`}><span aria-hidden className={`size-2 rounded-full bg-current ${image.state === 'building' ? 'breathe' : ''}`} />{word}</span>
        {image.sizeBytes !== null ? <span className="ml-auto text-sm text-ink-3">{formatBytes(image.sizeBytes)}</span> : null}
      </header>
      <p className="mt-0.5 text-sm text-ink-2">{kinds[image.kind]}</p>
      {image.state === 'building' ? (
        <div className="mt-3 text-amber" role="status">
          {image.percent === null ? <div className="sheen h-1.5 rounded-full" /> : <progress className="bar" max={100} value={image.percent} aria-label={`Building ${image.title}`} />}
          <p className="mt-1 flex gap-3 text-xs text-ink-2"><span title={safeText(image.step)} className="min-w-0 flex-1 truncate">{safeText(image.step)}</span>{image.percent === null ? null : <span>{Math.floor(image.percent)} %</span>}</p>
        </div>
      ) : null}
      {image.error ? <p className="mt-3 rounded-md bg-well px-3 py-2 font-mono text-xs break-words text-red">{safeText(image.error)}</p> : null}
      {image.hash || image.builtAt ? <p className="mt-2 flex flex-wrap gap-x-4 text-xs text-ink-3">{image.hash ? <span className="font-mono break-all">{image.hash.slice(0, 19)}</span> : null}{image.builtAt ? <span>built {formatAgo(image.builtAt, now)}</span> : null}</p> : null}
    </article>
  )
}
