'use client'
import { Dialog } from 'radix-ui'
import type { ReactNode } from 'react'
import { Icon } from './Icon.tsx'

interface ModalProps { open: boolean, onClose: () => void, title: string, lead?: ReactNode, children: ReactNode, footer?: ReactNode, wide?: boolean }

/** A dialog: a sheet from below on a phone, a panel elsewhere; its foot with the acts stays in sight. */
export function Modal({ open, onClose, title, lead, children, footer, wide = false }: ModalProps) {
  return (
    <Dialog.Root open={open} onOpenChange={(now) => { if (!now) onClose() }}>
      <Dialog.Portal>
        <Dialog.Overlay className="fixed inset-0 z-40 bg-[rgb(8_12_14/0.5)] backdrop-blur-[2px]" />
        <Dialog.Content
          {...(lead ? {} : { 'aria-describedby': undefined })}
          className={`arrive fixed z-50 flex max-h-[92dvh] flex-col overflow-hidden border border-line bg-panel shadow-lift max-sm:inset-x-0 max-sm:bottom-0 max-sm:rounded-t-2xl sm:inset-x-0 sm:top-[6dvh] sm:mx-auto sm:max-h-[88dvh] sm:w-[calc(100%-2rem)] sm:rounded-xl ${wide ? 'sm:max-w-3xl' : 'sm:max-w-lg'}`}
        >
          <header className="flex items-start gap-4 border-b border-line px-5 pt-4 pb-3.5">
            <div className="min-w-0 flex-1">
              <Dialog.Title className="plate text-xl leading-tight">{title}</Dialog.Title>
              {lead ? <Dialog.Description asChild><div className="mt-1 text-sm text-ink-2">{lead}</div></Dialog.Description> : null}
            </div>
            <Dialog.Close aria-label="Close" className="-mt-0.5 -mr-2 rounded-md p-1.5 text-ink-3 hover:bg-raised hover:text-ink"><Icon name="cross" /></Dialog.Close>
          </header>
          <div className="min-h-0 flex-1 overflow-y-auto px-5 py-4">{children}</div>
          {footer ? <footer className="flex flex-wrap items-center justify-end gap-2 border-t border-line bg-raised px-5 py-3">{footer}</footer> : null}
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  )
}
