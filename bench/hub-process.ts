// A hub in a process of its own, set up by the environment; says so once it serves. Told to, it samples
// what its main thread does, and answers with the profile.
import { Session } from 'node:inspector/promises';
import { start } from '../src/main.ts';
import { parseConfig } from '../src/platform/config/config.ts';
import { readEnv } from '../src/platform/config/env.ts';

const hub = await start(parseConfig(readEnv(process.env)), undefined, { announceSetup: false });
const session = new Session();
session.connect();
process.on('message', async (order: 'start-profile' | 'stop-profile') => {
  if (order === 'start-profile') {
    await session.post('Profiler.enable');
    await session.post('Profiler.setSamplingInterval', { interval: 500 });
    await session.post('Profiler.start');
    process.send?.({});
  } else {
    process.send?.(await session.post('Profiler.stop'));
  }
});
process.on('disconnect', () => hub.stop().then(() => process.exit(0)));
process.send?.({ ready: true });
