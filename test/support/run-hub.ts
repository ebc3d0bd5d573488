// A hub in a process of its own, for tests that kill it: says `ready` on its output when it serves.
import { parseConfig } from '../../src/config/config.ts';
import { readEnv } from '../../src/config/env.ts';
import { createLogger, start } from '../../src/main.ts';

const config = parseConfig(readEnv(process.env));
const hub = await start(config, createLogger(config), { announceSetup: false });
process.stdout.write('ready\n');
process.on('SIGTERM', () => hub.stop().then(() => process.exit(0)));
