import { openDatabase } from '../src/platform/database/database.ts';
import { createSealer } from '../src/platform/secrets/sealer.ts';
import { applyFile } from '../src/transfer/apply/apply-file.ts';
import { formatPlan } from '../src/transfer/apply/plan.ts';

/** Applies a file as the command does, and tells the most memory that it took. */
const { DATABASE_URL: url, FILE: path } = process.env;
const database = await openDatabase({ url: url as string });
const rest = process.resourceUsage().maxRSS;
const started = performance.now();
const plan = await applyFile(database, createSealer(['x'.repeat(32)]), {
  path: path as string,
  hubUrl: 'https://hub.example',
  env: {},
});
const lines = formatPlan(plan).split('\n');
await database.close();
process.send?.({
  rest,
  peak: process.resourceUsage().maxRSS,
  seconds: (performance.now() - started) / 1000,
  last: lines.at(-1),
});
process.on('disconnect', () => process.exit());
