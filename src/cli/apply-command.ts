import type { Command } from 'commander';
import { type JsonOption, type Outcome, report } from './output.ts';
import { withHub } from './with-hub.ts';

type Options = JsonOption & { dryRun?: boolean; prune?: boolean };

export function addApplyCommand(program: Command): void {
  program
    .command('apply')
    .argument('<file>', 'a YAML file of communities, members, groups and services')
    .description('Bring the hub to what a file says, in one transaction')
    .option('--dry-run', 'print the plan only')
    .option('--prune', 'also remove what the file does not name')
    .option('--json', 'print JSON')
    .action((file: string, options: Options) => report(options, () => apply(file, options)));
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
