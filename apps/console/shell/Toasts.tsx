'use client'
import { createContext, type ReactNode, useCallback, useContext, useRef, useState } from 'react'
import { Icon } from '../kit/Icon.tsx'

type Say = (text: string, tone?: 'done' | 'refused') => void
const ToastContext = createContext<Say>(() => undefined)

/** Says a sentence at the edge of the screen; refusals stay longer. */
export const useToast = (): Say => useContext(ToastContext)

interface Toast { id: number, text: string, tone: 'done' | 'refused' }

/** Holds the notices and reads them out. */
export function ToastProvider({ children }: { children: ReactNode }) {
  const [toasts, setToasts] = useState<readonly Toast[]>([])
  const next = useRef(0)
  const drop = useCallback((id: number) => setToasts((held) => held.filter((toast) => toast.id !== id)), [])
  const say = useCallback<Say>((text, tone = 'done') => {
    const id = next.current++
    setToasts((held) => [...held.slice(-2), { id, text, tone }])
    setTimeout(() => drop(id), tone === 'done' ? 4000 : 10_000)
  }, [drop])
  return (
    <ToastContext value={say}>
      {children}
      <div role="status" aria-live="polite" className="pointer-events-none fixed inset-x-4 bottom-20 z-[60] flex flex-col items-end gap-2 lg:bottom-4">
        {toasts.map((toast) => (
          <div key={toast.id} className="arrive pointer-events-auto flex max-w-md items-start gap-3 rounded-lg bg-ink px-4 py-3 text-sm text-panel shadow-lift">
            <Icon name={toast.tone === 'done' ? 'check' : 'warn'} className="mt-0.5" />
            <span>{toast.text}</span>
            <button type="button" aria-label="Dismiss" onClick={() => drop(toast.id)} className="-mr-1 rounded p-0.5 opacity-70 hover:opacity-100"><Icon name="cross" /></button>
          </div>
        ))}
      </div>
    </ToastContext>
  )
}
