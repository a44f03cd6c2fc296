import type { Page } from 'playwright-core'

/**
 * What on this page keeps somebody out, a line each: controls without a name, repeated ids, headings that skip a level, values of `aria-` references that
 * lead nowhere, and text with less contrast than WCAG 2.2 asks for (1.4.3: 4.5, large text 3). What cannot be used now is left out, as there.
 */
export const findBarriers = (page: Page): Promise<string[]> => page.evaluate(() => {
  const said: string[] = []
  const nameOf = (element: Element): string => `${element.tagName.toLowerCase()} ${(element.getAttribute('aria-label') ?? element.textContent ?? '').trim().slice(0, 50)}`
  const isShown = (element: Element): boolean => element.checkVisibility({ opacityProperty: true, visibilityProperty: true }) && element.closest('[aria-hidden="true"]') === null
  const ids = [...document.querySelectorAll('[id]')].map(({ id }) => id)
  for (const id of new Set(ids.filter((one, index) => ids.indexOf(one) !== index))) said.push(`the id ${id} is given twice`)
  for (const name of ['aria-labelledby', 'aria-describedby', 'aria-controls']) for (const element of document.querySelectorAll(`[${name}]`)) {
    for (const id of (element.getAttribute(name) ?? '').split(/\s+/)) if (document.getElementById(id) === null && name !== 'aria-controls') said.push(`${name} of ${nameOf(element)} names no element`)
  }
  for (const element of document.querySelectorAll('button, a[href], input, select, textarea, [role=button], [role=dialog], progress, img')) {
    if (!isShown(element)) continue
    const labels = element instanceof HTMLInputElement || element instanceof HTMLSelectElement || element instanceof HTMLTextAreaElement || element instanceof HTMLProgressElement ? [...element.labels ?? []].map(({ textContent }) => textContent) : []
    const labelled = (element.getAttribute('aria-labelledby') ?? '').split(/\s+/).map((id) => document.getElementById(id)?.textContent ?? '')
    const isText = !/^(INPUT|SELECT|TEXTAREA|PROGRESS)$/.test(element.tagName) && element.getAttribute('role') !== 'dialog'
    const all = [element.getAttribute('aria-label'), element.getAttribute('alt'), ...labels, ...labelled, isText ? element.textContent : '', isText ? element.querySelector('[aria-label]')?.getAttribute('aria-label') : '']
    if (!all.some((text) => (text ?? '').trim() !== '')) said.push(`${element.outerHTML.slice(0, 120)} has no name`)
  }
  const headings = [...document.querySelectorAll('h1, h2, h3, h4')].filter(isShown).map((element) => ({ level: Number(element.tagName.slice(1)), text: nameOf(element) }))
  if (headings.filter(({ level }) => level === 1).length !== 1) said.push(`${headings.filter(({ level }) => level === 1).length} headings of level 1`)
  headings.forEach(({ level, text }, index) => { if (level > (headings[index - 1]?.level ?? 0) + 1) said.push(`${text} skips a level`) })
  if (document.documentElement.lang === '') said.push('the page names no language')

  const context = Object.assign(document.createElement('canvas'), { width: 1, height: 1 }).getContext('2d', { willReadFrequently: true })
  type Colour = [number, number, number, number]
  const read = (css: string): Colour => {
    if (!context) return [0, 0, 0, 0]
    context.clearRect(0, 0, 1, 1)
    context.fillStyle = css
    context.fillRect(0, 0, 1, 1)
    const [r = 0, g = 0, b = 0, a = 0] = context.getImageData(0, 0, 1, 1).data
    return [r, g, b, a / 255]
  }
  const over = (top: Colour, under: Colour): Colour => [0, 1, 2].map((at) => (top[at] ?? 0) * top[3] + (under[at] ?? 0) * (1 - top[3])).concat(1) as Colour
  const behind = (element: Element | null): Colour => {
    if (element === null) return [255, 255, 255, 1]
    const colour = read(getComputedStyle(element).backgroundColor)
    return colour[3] >= 0.999 ? colour : over(colour, behind(element.parentElement))
  }
  const light = ([r, g, b]: Colour): number => [r, g, b].map((one) => one / 255).map((one) => (one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4)).reduce((sum, one, at) => sum + one * ([0.2126, 0.7152, 0.0722][at] ?? 0), 0)
  const poor = new Set<string>()
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
    const element = node.parentElement
    if (element === null || (node.textContent ?? '').trim() === '' || !isShown(element) || element.closest('.sr-only, [aria-disabled=true], :disabled, script, style, option') !== null) continue
    const style = getComputedStyle(element)
    const under = behind(element)
    const [a, b] = [light(over(read(style.color), under)), light(under)]
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)
    const size = Number.parseFloat(style.fontSize)
    const needed = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700) ? 3 : 4.5
    if (ratio < needed - 0.01) poor.add(`contrast ${ratio.toFixed(2)} of “${(node.textContent ?? '').trim().slice(0, 40)}” (${element.className.slice(0, 60)})`)
  }
  return [...said, ...poor]
})
