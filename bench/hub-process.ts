// A hub in a process of its own, set up by the environment; says so once it serves.
import { parseConfig } from '../src/config/config.ts';
import { readEnv } from '../src/config/env.ts';
import { start } from '../src/main.ts';

const hub = await start(parseConfig(readEnv(process.env)), undefined, { announceSetup: false });
process.send?.({ ready: true });
process.on('disconnect', () => hub.stop().then(() => process.exit(0)));
