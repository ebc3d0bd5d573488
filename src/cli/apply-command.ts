import { once } from 'node:events';
import type { Command } from 'commander';
import { CommandError } from './command-error.ts';
import { type JsonOption, type Outcome, report } from './output.ts';
import { withHub } from './with-hub.ts';

type Options = JsonOption & { dryRun?: boolean; prune?: boolean; print?: string };

export function addApplyCommand(program: Command): void {
  program
    .command('apply')
    .argument('[file]', 'a YAML file of communities, members, groups and services')
    .description('Bring the hub to what a file says, in one transaction')
    .option('--dry-run', 'print the plan only')
    .option('--prune', 'also remove what the file does not name')
    .option('--print <community>', 'print the present state of a community as such a file instead')
    .option('--json', 'print JSON')
    .action((file: string | undefined, options: Options) => run(file, options));
}

function run(file: string | undefined, options: Options): Promise<void> {
  const { print, dryRun, prune, json } = options;
  if (print === undefined) {
    if (file === undefined) throw new CommandError('give the file, or --print and a community');
    return report(options, () => apply(file, options));
  }
  if (file !== undefined || dryRun || prune || json)
    throw new CommandError('--print stands alone: it prints YAML, and changes nothing');
  return printState(print);
}

function printState(slug: string): Promise<void> {
  return withHub(async ({ database }) => {
    const { printCommunity } = await import('../transfer/apply/print-community.ts');
    await printCommunity(database, slug, async (text) => {
      if (!process.stdout.write(text)) await once(process.stdout, 'drain');
    });
  });
}

function apply(path: string, { dryRun = false, prune = false }: Options): Promise<Outcome> {
  return withHub(async ({ config, database, sealer }) => {
    const { applyFile } = await import('../transfer/apply/apply-file.ts');
    const { formatPlan } = await import('../transfer/apply/plan.ts');
    const plan = await applyFile(database, await sealer(), {
      path,
      hubUrl: config.url.origin,
      env: process.env,
      dryRun,
      prune,
      onProgress: (progress: string) => process.stderr.write(`${progress}\n`),
    });
    return { text: formatPlan(plan), value: plan };
  });
}
