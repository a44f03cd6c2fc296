'use client'
import { useEffect, useRef } from 'react'

interface FleetKeys { count: number, cursor: number, move: (to: number) => void, search: () => void, open: (index: number) => void, choose: (index: number) => void, clear: () => void }

/** The list by keyboard: `/` searches, j k and arrows move, Enter opens, x chooses, Escape clears. Keys typed into fields and dialogs are left alone. */
export function useFleetKeys(keys: FleetKeys): void {
  const held = useRef(keys)
  useEffect(() => { held.current = keys })
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || !(event.target instanceof HTMLElement)) return
      const { count, cursor, move, search, open, choose, clear } = held.current
      const typing = event.target.closest('input:not([type=checkbox]), textarea, select, [role=dialog], [role=menu]') !== null
      if (typing) {
        if (event.key === 'ArrowDown' && event.target instanceof HTMLInputElement && event.target.type === 'search') {
          event.preventDefault()
          event.target.blur()
          move(count > 0 ? 0 : -1)
        }
        return
      }
      const onControl = event.target.closest('a, button') !== null
      const acts: Record<string, () => void> = {
        '/': search, 'j': () => move(Math.min(count - 1, cursor + 1)), 'k': () => move(Math.max(0, cursor - 1)), 'x': () => choose(cursor), 'Escape': clear,
        'ArrowDown': () => move(Math.min(count - 1, cursor + 1)), 'ArrowUp': () => move(Math.max(0, cursor - 1)),
        ...(onControl ? {} : { Enter: () => open(cursor) }),
      }
      const act = acts[event.key]
      if (!act || (event.key.startsWith('Arrow') && count === 0)) return
      event.preventDefault()
      act()
    }
    document.addEventListener('keydown', onKey)
    return () => document.removeEventListener('keydown', onKey)
  }, [])
}
