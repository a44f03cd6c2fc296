import type { AddVerbs } from '../context.ts'
import { addAccessVerbs } from './access.ts'
import { addAppVerbs } from './apps.ts'
import { addBackupVerbs } from './backup.ts'
import { addClaimVerbs } from './claims.ts'
import { addBootVerbs } from './boots.ts'
import { addDoctor } from './doctor.ts'
import { addFleetVerbs } from './fleet.ts'
import { addLeaseVerbs } from './leases.ts'
import { addLabVerbs } from './lab.ts'
import { addLifeVerbs } from './life.ts'
import { addLogVerbs } from './logs.ts'
import { addNetworkVerbs } from './networks.ts'
import { addPowerVerb } from './power.ts'
import { addSiteVerbs } from './site.ts'
import { addWaitVerb } from './wait.ts'

/** Every verb of the command line, in the order of `--help`. */
export const verbs: readonly AddVerbs[] = [addFleetVerbs, addLifeVerbs, addClaimVerbs, addPowerVerb, addLogVerbs, addBootVerbs, addWaitVerb, addSiteVerbs, addLabVerbs, addNetworkVerbs, addLeaseVerbs, addAppVerbs, addAccessVerbs, addBackupVerbs, addDoctor]
