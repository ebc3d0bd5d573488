import type { Command } from 'commander';
import { type JsonOption, line } from './output.ts';

const MARKS = { ok: '✓', warning: '!', fault: '✗' } as const;

export function addDoctorCommand(program: Command): void {
  program
    .command('doctor')
    .description('Check the settings, the database, the keys, LDAP and the queue')
    .option('--json', 'print JSON')
    .action(async (options: JsonOption) => {
      const { examine } = await import('./doctor/examine.ts');
      const findings = await examine();
      const faults = findings.filter(({ level }) => level === 'fault').length;
      const lines = findings.map(({ level, text }) => `${MARKS[level]} ${line(text)}`);
      process.stdout.write(
        options.json
          ? `${JSON.stringify({ healthy: faults === 0, findings }, null, 2)}\n`
          : `${lines.join('\n')}\n`,
      );
      if (faults > 0) process.exitCode = 1;
    });
}
