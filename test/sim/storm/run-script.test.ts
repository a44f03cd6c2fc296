import { describe, expect, test } from 'vitest'
import { renderEntry, renderScript } from '#netboot/policy/boot/render-ipxe'
import { runScript, type ScriptActs } from './run-script.ts'

const mac = '5a:53:49:4d:00:01'
const settings = { 'netX/mac:hexhyp': mac.replaceAll(':', '-'), platform: 'efi', uuid: 'u', buildarch: 'x86_64', 'serial:uristring': 'SIM-1' }
const script = (decision: 'ramdisk' | 'localDisk' | 'ignore'): string => renderScript({ decision, why: 'because' }, '10.77.0.1', mac, undefined, () => true)

function world(answers: { chain?: (string | undefined)[]; load?: boolean[] }): ScriptActs & { said: string[] } {
  const said: string[] = []
  return {
    said,
    load: async (kind, url) => { said.push(`${kind} ${url}`); return answers.load?.shift() ?? true },
    chain: async (url) => { said.push(`chain ${url}`); return answers.chain?.shift() },
    sleep: async (seconds) => void said.push(`sleep ${seconds}`),
  }
}

describe('boot scripts of ours, as a machine runs them', () => {
  test('lead into the ramdisk', async () => {
    const acts = world({ chain: [script('ramdisk')] })
    const end = await runScript(renderEntry('10.77.0.1'), settings, acts)
    expect(end).toMatchObject({ kind: 'boot' })
    expect(end.kind === 'boot' && end.words).toContain('sc.url=http://10.77.0.1')
    expect(acts.said).toEqual(['chain http://10.77.0.1/boot/5a-53-49-4d-00-01?uuid=u&platform=efi&arch=x86_64&serial=SIM-1', 'kernel http://10.77.0.1/files/vmlinuz', 'initrd http://10.77.0.1/files/initrd.img'])
  })

  test('ask again where the server is away, and load again where an image broke off', async () => {
    const acts = world({ chain: [undefined, undefined, script('ramdisk'), renderEntry('10.77.0.1'), script('ramdisk')], load: [true, false] })
    expect(await runScript(renderEntry('10.77.0.1'), settings, acts)).toMatchObject({ kind: 'boot' })
    expect(acts.said.filter((line) => line.startsWith('sleep'))).toEqual(['sleep 5', 'sleep 5'])
    expect(acts.said.filter((line) => line.startsWith('initrd'))).toHaveLength(2)
  })

  test('lead to the disk, and away', async () => {
    expect(await runScript(script('localDisk'), { ...settings, platform: 'pcbios' }, world({}))).toEqual({ kind: 'disk' })
    expect(await runScript(script('ignore'), settings, world({}))).toEqual({ kind: 'exit', code: 1 })
    expect(await runScript('frobnicate', settings, world({}))).toEqual({ kind: 'exit', code: 1 })
  })
})
