'use client'
import { useEffect, useSyncExternalStore } from 'react'
import { Icon } from '../kit/Icon.tsx'
import { applyTheme, chooseTheme, readTheme, type Theme, themes, watchTheme } from './theme.ts'

const words: Record<Theme, string> = { system: 'System', light: 'Light', dark: 'Dark' }

/** Goes round system, light and dark. */
export function ThemeToggle() {
  const theme = useSyncExternalStore(watchTheme, readTheme, () => 'system' as const)
  useEffect(() => {
    const media = matchMedia('(prefers-color-scheme: dark)')
    const follow = () => applyTheme(readTheme())
    media.addEventListener('change', follow)
    return () => media.removeEventListener('change', follow)
  }, [])
  const turn = () => chooseTheme(themes[(themes.indexOf(theme) + 1) % themes.length] ?? 'system')
  return (
    <button type="button" onClick={turn} aria-label={`Theme: ${words[theme]}. Change`} title={`Theme: ${words[theme]}`} className="flex items-center gap-2 rounded-md px-2 py-1.5 text-sm text-ink-2 hover:bg-raised hover:text-ink">
      <Icon name={theme === 'system' ? 'half' : theme === 'light' ? 'sun' : 'moon'} /><span className="max-lg:hidden">{words[theme]} theme</span>
    </button>
  )
}
