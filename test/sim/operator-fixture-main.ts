import { phaseFleet } from './operator-fixture-machines.ts'
import { fillFixtureNetworks } from './operator-fixture-networks.ts'
import { fillFixtureTraffic, guestbook } from './operator-fixture-state.ts'
import { startOperatorFixture } from './operator-fixture.ts'

// The console by hand, without an appliance: a machine in each phase, on port 8444, in front of a console on port 3000.
const fixture = await startOperatorFixture({ fleet: phaseFleet, consoleUrl: 'http://127.0.0.1:3000', port: 8444, stepMs: 2000 })
fixture.state.apps.push(guestbook('app-01'))
fillFixtureTraffic(fixture.state)
if (fixture.state.net) await fillFixtureNetworks(fixture.state.net)
console.log(`${fixture.url}  admin / ${fixture.password}`)
