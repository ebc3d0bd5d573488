import type { Command } from 'commander';
import type { JsonOption } from './output.ts';
import { stopSignal } from './stop-signal.ts';
import { loadConfig } from './with-hub.ts';

export function addStartCommand(program: Command): void {
  program
    .command('start')
    .description('Start a process of the hub; Ctrl-C stops it')
    .option('--json', 'print the address as JSON once it serves')
    .action(async (options: JsonOption) => {
      const config = await loadConfig();
      const { start } = await import('../main.ts');
      const hub = await start(config);
      if (options.json) process.stdout.write(`${JSON.stringify({ url: hub.url })}\n`);
      await stopSignal();
      await hub.stop();
    });
}
