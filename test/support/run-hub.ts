// A hub in a process of its own, for tests that kill it: says `ready` on its output when it serves.
import { parseConfig } from '../../src/config/config.ts';
import { readEnv } from '../../src/config/env.ts';
import { start } from '../../src/main.ts';

const hub = await start(parseConfig(readEnv(process.env)));
process.stdout.write('ready\n');
process.on('SIGTERM', () => hub.stop().then(() => process.exit(0)));
