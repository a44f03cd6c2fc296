'use client'
import { useEffect, useState } from 'react'
import { Icon } from '../kit/Icon.tsx'
import { applyTheme, type Theme, themeKey, themes } from './theme.ts'

const words: Record<Theme, string> = { system: 'System', light: 'Light', dark: 'Dark' }

/** Goes round system, light and dark. */
export function ThemeToggle() {
  const [theme, setTheme] = useState<Theme>('system')
  useEffect(() => {
    const stored = localStorage.getItem(themeKey)
    if (stored === 'light' || stored === 'dark') setTheme(stored)
  }, [])
  useEffect(() => {
    if (theme !== 'system') return
    const media = matchMedia('(prefers-color-scheme: dark)')
    const follow = () => applyTheme('system')
    media.addEventListener('change', follow)
    return () => media.removeEventListener('change', follow)
  }, [theme])
  const turn = () => {
    const next = themes[(themes.indexOf(theme) + 1) % themes.length] ?? 'system'
    localStorage.setItem(themeKey, next)
    applyTheme(next)
    setTheme(next)
  }
  return (
    <button type="button" onClick={turn} aria-label={`Theme: ${words[theme]}. Change`} title={`Theme: ${words[theme]}`} className="flex items-center gap-2 rounded-md px-2 py-1.5 text-sm text-ink-2 hover:bg-raised hover:text-ink">
      <Icon name={theme === 'system' ? 'half' : theme === 'light' ? 'sun' : 'moon'} /><span className="max-lg:hidden">{words[theme]}</span>
    </button>
  )
}
