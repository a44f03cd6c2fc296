'use client'
import { Tooltip } from 'radix-ui'
import type { ComponentProps } from 'react'
import { useToast } from '../shell/Toasts.tsx'
import { Icon, type IconName } from './Icon.tsx'

const tones = {
  plain: 'border border-line-2 bg-panel text-ink hover:bg-raised',
  strong: 'border border-ink bg-ink text-panel hover:bg-ink-2 hover:border-ink-2',
  danger: 'border border-red bg-red text-panel hover:opacity-90',
  ghost: 'border border-transparent text-ink-2 hover:bg-raised hover:text-ink',
} as const

interface ButtonProps extends ComponentProps<'button'> {
  tone?: keyof typeof tones
  icon?: IconName
  /** Why it cannot be pressed now. It stays focusable, so that the reason can be read. */
  cannotWhy?: string | undefined
  busy?: boolean
  small?: boolean
}

/** A button; one that cannot be pressed says why, to the pointer, to the keyboard and to a finger. */
export function Button({ tone = 'plain', icon, cannotWhy, busy = false, small = false, className = '', children, onClick, ...rest }: ButtonProps) {
  const say = useToast()
  const blocked = busy || cannotWhy !== undefined
  const button = (
    <button
      type="button" {...rest} aria-disabled={blocked || undefined} aria-busy={busy || undefined}
      onClick={(event) => {
        if (!blocked) return onClick?.(event)
        event.preventDefault()
        if (cannotWhy) say(cannotWhy, 'refused')
      }}
      className={`inline-flex items-center justify-center gap-2 rounded-[7px] font-medium whitespace-nowrap transition-colors aria-disabled:cursor-not-allowed aria-disabled:opacity-45 ${small ? 'h-7 px-2.5 text-sm' : 'h-9 px-3.5 text-sm'} ${tones[tone]} ${className}`}
    >
      {icon ? <Icon name={busy ? 'cycle' : icon} className={busy ? 'animate-spin' : ''} /> : busy ? <Icon name="cycle" className="animate-spin" /> : null}
      {children}
    </button>
  )
  return cannotWhy === undefined ? button : <Hint text={cannotWhy}>{button}</Hint>
}

/** A sentence that appears beside what it is about. */
export function Hint({ text, children }: { text: string, children: ComponentProps<typeof Tooltip.Trigger>['children'] }) {
  return (
    <Tooltip.Root>
      <Tooltip.Trigger asChild>{children}</Tooltip.Trigger>
      <Tooltip.Portal>
        <Tooltip.Content sideOffset={6} collisionPadding={12} className="z-[70] max-w-72 rounded-md bg-ink px-2.5 py-1.5 text-xs text-panel shadow-lift">{text}</Tooltip.Content>
      </Tooltip.Portal>
    </Tooltip.Root>
  )
}
