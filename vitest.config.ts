import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { LongestFirst } from './test/support/longest-first.ts';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/interop/**', 'node_modules/**'],
    globalSetup: ['test/support/postgres.ts'],
    sequence: { sequencer: LongestFirst },
    // A bound for what hangs, not for what is slow: the machine may be busy with something else.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // Files share a worker's modules, which hold no state between them: loading them cost more than most files' tests.
    isolate: false,
    experimental: { viteModuleRunner: false },
    // What a hub makes and forgets at each start is collected many files at a time.
    execArgv: ['--max-semi-space-size=32'],
    // On two cores vitest would run one file at a time; most of a test's time is spent in PostgreSQL and in waits.
    maxWorkers: Math.max(3, availableParallelism() - 1),
  },
});
