import type { Order, OrderReport } from '../machines/ramdisk/orders.ts'

/** An order as the ramdisk's shell reads it: `key=value` lines. Values never hold a line break. */
export function renderOrder(order: Order): string {
  const fields = { id: order.id, kind: order.kind, generation: order.generation, ...order.fields }
  return Object.entries(fields).map(([key, value]) => `${key}=${String(value).replaceAll(/[\r\n]+/g, ' ')}\n`).join('')
}

/** A ramdisk's report of an order. Returns a sentence where it makes no sense. */
export function parseOrderReport(text: string): OrderReport | string {
  const fields = new Map<string, string>()
  for (const line of text.split('\n')) {
    const cut = line.indexOf('=')
    if (cut > 0) fields.set(line.slice(0, cut), line.slice(cut + 1))
  }
  const status = fields.get('status')
  if (status !== 'running' && status !== 'done' && status !== 'failed') return 'status is running, done or failed'
  const bytes = (key: string): number | null => (/^\d{1,15}$/.test(fields.get(key) ?? '') ? Number(fields.get(key)) : null)
  // What a machine says is text for people: bounded, without control characters.
  return { status, bytesDone: bytes('bytesDone'), bytesTotal: bytes('bytesTotal'), detail: (fields.get('detail') ?? '').replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, ' ').slice(0, 1000) }
}
