import { availableParallelism } from 'node:os'
import path from 'node:path'
import { defineConfig } from 'vitest/config'
import { temporaryFolder } from './temporary-folder.ts'

const root = path.join(import.meta.dirname, '..')

/** Four kinds of test: unit (pure, fast, a file on each processor: vitest by itself leaves one of them idle), flows (real sockets, root), e2e (a browser) and lab (real firmware in QEMU). */
export default defineConfig({
  test: {
    projects: [
      { root, test: { name: 'unit', globalSetup: [path.join(import.meta.dirname, 'temporary-folder.ts')], env: { TMPDIR: temporaryFolder }, testTimeout: 60_000, hookTimeout: 60_000, maxWorkers: availableParallelism(), include: ['{apps,netboot,images,scripts}/**/*.test.ts', 'test/*.test.ts', 'test/{contracts,bench,sim,fuzz}/**/*.test.ts'], exclude: ['**/node_modules/**', '**/.next/**'] } },
      { root, test: { name: 'flows', include: ['test/flows/**/*.test.ts'], testTimeout: 120_000, hookTimeout: 120_000, fileParallelism: false } },
      { root, test: { name: 'e2e', include: ['test/e2e/**/*.test.ts'], testTimeout: 180_000, hookTimeout: 300_000, fileParallelism: false } },
      { root, test: { name: 'lab', include: ['test/lab/**/*.test.ts'], testTimeout: 1_800_000, hookTimeout: 1_200_000, fileParallelism: false } },
    ],
  },
})
