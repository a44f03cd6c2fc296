import { fuzzCodec } from './codecs.ts'
import { protocols } from './corpus.ts'
for (const p of protocols) { const t=Date.now(); const o=fuzzCodec(p, 1_000_000, 42); console.log(p, o.packets, 'read', o.read, 'thrown', o.thrown.length, JSON.stringify(o.thrown.slice(0,2)), ((Date.now()-t)/1000).toFixed(0)+'s') }
