import type { Command } from 'commander';
import { stopSignal } from './stop-signal.ts';

export function addDemoCommand(program: Command): void {
  program
    .command('demo')
    .description('Start an example network on a throw-away database, with two apps to sign in to')
    .action(async () => {
      const { runDemo } = await import('./demo/run-demo.ts');
      const demo = await runDemo();
      await stopSignal();
      await demo.stop();
    });
}
