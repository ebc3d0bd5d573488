import { makeHubTarget } from './hub-target.ts';
import { Load } from './processes.ts';
import { spread } from './stats.ts';

/**
 * Whether password hashing keeps others waiting: discovery's p99 idle, while 16 people sign in one after
 * the other without a pause, and, to tell the hashing from the rest of the work, while 16 people who are
 * signed in open one app after the other, which hashes nothing.
 */
export async function measureSignIns(options: { seconds: number }) {
  const hub = await makeHubTarget({ communities: 1, members: 100 });
  const process = await hub.start();
  const [probe, crowd] = [new Load(), new Load()];
  const idle: number[] = [];
  const busy: number[] = [];
  const unhashed: number[] = [];
  let rate = 0;
  try {
    await probe.prepare(hub, 1);
    await crowd.prepare(hub, 16);
    for (let round = 0; round < 3; round += 1) {
      idle.push((await probe.run('discovery', 1, options.seconds)).p99);
      const [signIns, discovery] = await Promise.all([
        crowd.run('sign-in', 16, options.seconds),
        probe.run('discovery', 1, options.seconds),
      ]);
      busy.push(discovery.p99);
      rate = signIns.rate;
      const [, beside] = await Promise.all([
        crowd.run('sso', 16, options.seconds),
        probe.run('discovery', 1, options.seconds),
      ]);
      unhashed.push(beside.p99);
    }
  } finally {
    await probe.stop();
    await crowd.stop();
    await process.stop();
    await hub.remove();
  }
  console.log(
    `\nWhile 16 people sign in (${rate.toFixed(0)} a second): discovery's p99 ${spread(busy)} ms, idle ${spread(idle)} ms, ratio ${spread(busy.map((ms, round) => ms / (idle[round] as number)))} (aim < 3)`,
  );
  console.log(
    `While 16 people who are signed in open apps: ${spread(unhashed)} ms; with the hashing it is ${spread(busy.map((ms, round) => ms / (unhashed[round] as number)))} times that`,
  );
  return { idle, busy, unhashed, rate };
}
