import { type Profile, reportProfile } from '../profile-hub.ts';
import { makeBridgeTarget } from './bridge-target.ts';
import type { Pattern } from './ldap-target.ts';
import { startLoad } from './measure-ldap.ts';

/** Prints where the bridge's main thread spends its time in one pattern, by package and by function. */
export async function profileBridge(pattern: Pattern, people: number, seconds: number) {
  const target = await makeBridgeTarget(people);
  const load = startLoad();
  try {
    const server = await target.start();
    const order = { port: target.port, people, pattern, connections: 8, skip: 0 };
    const warm = await load.ask({ ...order, seconds: seconds / 2 });
    await server.ask?.('start-profile');
    const result = await load.ask({ ...order, seconds, skip: warm.acts });
    const answer = await server.ask?.('stop-profile');
    console.log(`${pattern}, 8 connections: ${result.rate.toFixed(0)} a second while profiled`);
    reportProfile(answer?.profile as Profile, result.acts);
    await server.stop();
  } finally {
    await load.stop();
    await target.remove();
  }
}
