import { standOn } from '../../apps/supervisor/interface.ts'

// `node stand-on.ts IF SUBNET full|proxy`: where the appliance would stand, or why not, as one line of JSON.
const [card = '', subnet = '', mode] = process.argv.slice(2)
const said: string[] = []
const standing = await standOn({ interface: card, subnet, mode: mode === 'proxy' ? 'proxy' : 'full' }, (text) => said.push(text)).catch((error: unknown) => (error instanceof Error ? error.message : String(error)))
process.stdout.write(`${JSON.stringify({ standing, said })}\n`)
