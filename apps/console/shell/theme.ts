/** What the person chose; `system` follows the operating system. */
export type Theme = 'system' | 'light' | 'dark'
export const themes = ['system', 'light', 'dark'] as const
export const themeKey = 'sc-theme'

/** Runs before the first paint, so that a dark page never flashes white. Constant text: nothing is ever put into it. */
export const themeScript = `(function(){var t=null;try{t=localStorage.getItem('${themeKey}')}catch(e){t=null}
var d=t==='dark'||(t!=='light'&&matchMedia('(prefers-color-scheme: dark)').matches);document.documentElement.dataset.theme=d?'dark':'light'
var s=document.currentScript;if(s&&s.nonce)window.__webpack_nonce__=s.nonce})()`

/** Shows a theme now. */
export function applyTheme(theme: Theme): void {
  const dark = theme === 'dark' || (theme === 'system' && matchMedia('(prefers-color-scheme: dark)').matches)
  document.documentElement.dataset.theme = dark ? 'dark' : 'light'
}

const watchers = new Set<() => void>()

/** What was chosen in this browser; `system` where nothing was. */
export function readTheme(): Theme {
  const stored = localStorage.getItem(themeKey)
  return stored === 'light' || stored === 'dark' ? stored : 'system'
}

/** Calls back when another theme is chosen; returns how to stop. */
export function watchTheme(watcher: () => void): () => void {
  watchers.add(watcher)
  return () => { watchers.delete(watcher) }
}

/** Keeps the choice in this browser and shows it. */
export function chooseTheme(theme: Theme): void {
  localStorage.setItem(themeKey, theme)
  applyTheme(theme)
  for (const watcher of watchers) watcher()
}
