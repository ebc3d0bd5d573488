// A hub in a process of its own, for tests that kill it: says `ready` on its output when it serves.

import { createLogger, start } from '../../src/main.ts';
import { parseConfig } from '../../src/platform/config/config.ts';
import { readEnv } from '../../src/platform/config/env.ts';

const config = parseConfig(readEnv(process.env));
const hub = await start(config, createLogger(config), { announceSetup: false });
process.stdout.write('ready\n');
process.on('SIGTERM', () => hub.stop().then(() => process.exit(0)));
