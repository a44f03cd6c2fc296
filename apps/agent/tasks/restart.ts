import { readBootId } from '../facts.ts'
import { must } from '../command.ts'
import type { Executor } from '../host.ts'

/** Restarts the machine where it still is in the boot that must end. */
export const applyRestart: Executor<'restart'> = async (task, host) => {
  if ((await readBootId(host)) !== task.bootId) return { changed: false, detail: '' }
  await must(host.run, 'systemctl', ['--no-block', 'reboot'])
  return { changed: true, detail: 'restarting' }
}
