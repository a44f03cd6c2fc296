import { describe, expect, it } from 'vitest'
import { orderDesk, type Order, type OrderReport } from './orders.ts'

const order: Order = { id: 'writeImage-1-x', kind: 'writeImage', generation: 1, fields: {} }
const report = (status: OrderReport['status'], detail = ''): OrderReport => ({ status, bytesDone: null, bytesTotal: null, detail })
const never = new AbortController().signal

describe('the order desk', () => {
  it('hands an order to who waits for it and ends with its report', async () => {
    const desk = orderDesk(() => 0)
    const taken = desk.take('m', 5000, never)
    const given = desk.give('m', order, never, () => undefined)
    expect(await taken).toBe(order)
    expect(desk.report('m', order.id, report('done'))).toBe(true)
    await given
    expect(desk.current('m')).toBeUndefined()
  })

  it('fails with the ramdisk’s words, and with the reason where it is taken back', async () => {
    const desk = orderDesk(() => 0)
    const given = desk.give('m', order, never, () => undefined)
    desk.report('m', order.id, report('failed', 'no disk'))
    await expect(given).rejects.toThrow('no disk')
    const abort = new AbortController()
    const second = desk.give('m', order, abort.signal, () => undefined)
    abort.abort(new Error('another wish came'))
    await expect(second).rejects.toThrow('another wish')
  })

  it('keeps what was said just after a restart for the order that is given again', async () => {
    const desk = orderDesk(() => 0)
    expect(desk.report('m', order.id, report('done'))).toBe(true)
    await desk.give('m', order, never, () => undefined)
  })

  it('calls an order that nobody gave unwanted, once the restart is over', () => {
    let ms = 0
    const desk = orderDesk(() => ms)
    ms = 60_000
    expect(desk.report('m', order.id, report('running'))).toBe(false)
  })
})
