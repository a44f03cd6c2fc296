import { catalog } from '#contract/catalog'
import type { Catalog } from '#contract/catalog'
import { appserver } from './appserver.ts'
import { manager } from './manager.ts'
import type { Role } from './role.ts'

/** Every role that a machine can be given. A new one is one file and one line here. */
export const roles: Catalog<Role> = catalog<Role>(manager, appserver)
