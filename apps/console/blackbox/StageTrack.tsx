import { bootStages, type Boot } from '#contract/blackbox-api'

const words = { asking: 'Asked', offered: 'Offered', addressed: 'Address', loader: 'Loader', script: 'Script', kernel: 'Kernel', ramdisk: 'Ramdisk', inventory: 'Facts', disk: 'Disk' } as const

/** How far a boot came: one mark for each stage of its way, into the ramdisk or into the disk. */
export function StageTrack({ boot }: { boot: Boot }) {
  const isDisk = boot.outcome === 'disk'
  const stages = bootStages.filter((stage) => (isDisk ? !['kernel', 'ramdisk', 'inventory'].includes(stage) : stage !== 'disk'))
  const reached = stages.indexOf(boot.stage)
  const end = boot.outcome === 'stopped' ? 'bg-red' : boot.outcome === 'running' || boot.outcome === 'waiting' ? 'bg-amber breathe' : 'bg-green'
  return (
    <ol aria-label="Stages" className="flex min-w-0 gap-1 pb-1">
      {stages.map((stage, index) => (
        <li key={stage} aria-current={index === reached ? 'step' : undefined} className={`min-w-0 flex-1 ${index === reached ? 'max-sm:flex-none' : ''}`}>
          <span aria-hidden className={`block h-1 rounded-full ${index < reached ? 'bg-ink-3' : index === reached ? end : 'bg-line'}`} />
          <span className={`mt-1 block text-xs ${index <= reached ? 'text-ink-2' : 'text-ink-3'} ${index === reached ? 'font-medium text-ink' : 'max-sm:sr-only'}`}>{words[stage]}<span className="sr-only">{index <= reached ? ', reached' : ', not reached'}</span></span>
        </li>
      ))}
    </ol>
  )
}
