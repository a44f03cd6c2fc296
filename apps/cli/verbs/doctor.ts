import type { AddVerbs } from '../context.ts'
import { checks } from '../doctor/index.ts'
import { runChecks } from '../doctor/check.ts'

/** `doctor`: looks at this host, with or without an appliance, and says what to do. */
export const addDoctor: AddVerbs = (program, bind) => {
  program.command('doctor').description('checks this host and says what to do').option('--interface <name>', 'the card of the provisioning network: also looks for another DHCP server there (5 s)').action(bind(async (context, options: { interface?: string }) => {
    const { paint, terminal: { env } } = context
    const findings = await runChecks(checks, {
      interface: options.interface, runDir: context.runDir, dataDir: env['SYSTEM_CLOUD_DATA'] ?? '/var/lib/system-cloud',
      ports: { http: Number(env['SYSTEM_CLOUD_HTTP_PORT'] ?? 80), tls: Number(env['SYSTEM_CLOUD_TLS_PORT'] ?? 443) },
    })
    const badge = { ok: paint.good('ok  '), warn: paint.warn('warn'), fail: paint.bad('FAIL') }
    context.answer(findings, () => findings.map((one) => `${badge[one.level]}  ${one.title}: ${one.text}\n${one.todo === '' ? '' : `      → ${one.todo}\n`}`).join(''))
    return findings.some((one) => one.level === 'fail') ? 1 : 0
  }))
}
