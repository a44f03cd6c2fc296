import { describe, expect, test } from 'vitest'
import { appWarnings, instancesOf } from '#contract/app-yaml'
import { explainAppYaml, parseAppYaml } from './parse-app-yaml.ts'

const bases = { python: '3.13', nodejs: '20' }

function said(text: string): string {
  const parsed = parseAppYaml(text)
  return parsed.ok ? 'accepted' : explainAppYaml(parsed.fault)
}

describe('app.yaml', () => {
  test.each([
    ['a runtime is enough', 'runtime: python3\n', 'accepted'],
    ['a versioned runtime', 'runtime: nodejs20\n', 'accepted'],
    ['no runtime', 'service: a\n', 'app.yaml line 1: runtime is missing: write "runtime: python3" or "runtime: nodejs"'],
    ['first-generation python', 'service: a\nruntime: python27\n', 'app.yaml line 2: runtime python27 is the first generation of App Engine and is not supported: use python3'],
    ['a runtime we lack', 'runtime: php84\n', 'app.yaml line 1: runtime "php84" is not supported: use python3 or nodejs'],
    ['a Dockerfile', 'runtime: custom\n', 'app.yaml line 1: runtime custom (a Dockerfile) is not supported yet: use python3 or nodejs'],
    ['ndb', 'runtime: python3\napp_engine_apis: true\n', "app.yaml line 2: app_engine_apis asks for App Engine's bundled services (ndb, datastore, memcache, users), which this cloud does not emulate: use the PostgreSQL database in DATABASE_URL"],
    ['a service name in capitals', 'runtime: python3\nservice: Shop\n', 'app.yaml line 2: service must be lower-case letters, digits and hyphens, beginning with a letter, 40 at most'],
    ['a variable of the platform', 'runtime: python3\nenv_variables:\n  A: b\n  PORT: 80\n', 'app.yaml line 4: env_variables.PORT is set by the platform and cannot be given'],
    ['an unknown instance class', 'runtime: python3\ninstance_class: F9\n', 'app.yaml line 2: instance_class must be one of F1, F2, F4, F4_1G, B1, B2, B4, B4_1G, B8'],
    ['two scalings', 'runtime: python3\nmanual_scaling:\n  instances: 2\nautomatic_scaling:\n  max_instances: 3\n', 'app.yaml line 2: manual_scaling cannot stand beside automatic_scaling: give one of them'],
    ['a text where a number belongs', 'runtime: python3\nmanual_scaling:\n  instances: many\n', 'app.yaml line 3: manual_scaling.instances must be a number'],
    ['an entrypoint of two lines', 'runtime: python3\nentrypoint: |\n  a\n  b\n', 'app.yaml line 2: entrypoint must be one line'],
    ['a handler without a slash', 'runtime: python3\nhandlers:\n- url: static\n', 'app.yaml line 3: handlers.0.url must begin with /'],
    ['a list', '- runtime\n', 'app.yaml line 1: app.yaml must hold keys and values, at least "runtime: python3"'],
    ['nothing', '', 'app.yaml line 1: app.yaml must hold keys and values, at least "runtime: python3"'],
  ])('%s', (_, text, expected) => expect(said(text)).toBe(expected))

  test('broken YAML names its line', () => expect(said('runtime: python3\nhandlers: [\n')).toMatch(/^app\.yaml line [23]: this is not YAML/))

  test('ten thousand aliases are refused, not expanded', () => {
    const bomb = `runtime: python3\na: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c,*c,*c,*c,*c,*c]\n`
    expect(said(bomb)).toBe('app.yaml line 1: app.yaml has too many aliases')
  })

  test.each([
    ['runtime: python3\n', 2],
    ['runtime: python3\nmanual_scaling: {instances: 1}\n', 1],
    ['runtime: python3\nautomatic_scaling: {min_instances: 4}\n', 4],
    ['runtime: python3\nautomatic_scaling: {max_instances: 1}\n', 1],
    ['runtime: python3\nbasic_scaling: {max_instances: 5}\n', 2],
  ])('%j runs %i instances', (text, instances) => {
    const parsed = parseAppYaml(text)
    expect(parsed.ok && instancesOf(parsed.value)).toBe(instances)
  })

  test('what differs from App Engine is said', () => {
    const parsed = parseAppYaml('runtime: python39\nhandlers:\n- url: /s\n  static_dir: s\nmain_color: red\n')
    expect(parsed.ok && appWarnings(parsed.value, bases)).toEqual([
      'The runtime python39 runs on python 3.13, which is what this cloud has.',
      'Static handlers are not served by the load balancer yet: the app itself must answer those URLs.',
      'Ignored: main_color.',
    ])
  })
})
