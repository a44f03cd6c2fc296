import { expect, it } from 'vitest'
import { progressPrinter } from './progress-printer.ts'

it('says each new step and every tenth percent once, and keeps builds apart', () => {
  const said: string[] = []
  const print = progressPrinter((text) => said.push(text))
  for (const line of ['ramdisk: unpacking 1 %', 'ramdisk: unpacking 2 %', 'ramdisk: unpacking 9 %', 'ramdisk: unpacking 10 %', 'ramdisk: unpacking 19 %', 'ramdisk: packing', 'ramdisk: packing', 'debian-13: unpacking 100 %', 'loaders: done'])
    print(line)
  expect(said).toEqual(['building ramdisk: unpacking 0 %', 'building ramdisk: unpacking 10 %', 'building ramdisk: packing', 'building debian-13: unpacking 100 %', 'building loaders: done'])
})
