import { expect, it } from 'vitest'
import { chooseModules, moduleName, parseModulesDep } from './modules.ts'

const dependencies = parseModulesDep('kernel/fs/ext4/ext4.ko.xz: kernel/lib/crc16.ko.xz kernel/fs/jbd2/jbd2.ko.xz\nkernel/lib/crc16.ko.xz:\nkernel/fs/jbd2/jbd2.ko.xz: kernel/lib/deep.ko.xz\nkernel/lib/deep.ko.xz:\nkernel/drivers/usb/storage/usb-storage.ko.xz:\nkernel/net/x.ko.xz:\n')

it('takes what is wished and all that it needs, in any spelling of a name', () => {
  expect(chooseModules(dependencies, ['ext4', 'usb_storage', 'built_in'])).toEqual(['kernel/drivers/usb/storage/usb-storage.ko.xz', 'kernel/fs/ext4/ext4.ko.xz', 'kernel/fs/jbd2/jbd2.ko.xz', 'kernel/lib/crc16.ko.xz', 'kernel/lib/deep.ko.xz'])
})
it('takes a folder', () => expect(chooseModules(dependencies, ['net/'])).toEqual(['kernel/net/x.ko.xz']))
it('names a module as modprobe does', () => expect(moduleName('kernel/a/usb-storage.ko')).toBe('usb_storage'))
