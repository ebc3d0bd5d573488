import { setTimeout as sleep } from 'node:timers/promises';
import { type HubTarget, makeHubTarget } from './hub-target.ts';
import { Load, residentMegabytes } from './processes.ts';
import { type Measure, spread } from './stats.ts';

/** What a thousand communities, and a hundred thousand members, cost: latency and memory. */
export async function measureScale(options: { seconds: number; quick: boolean }) {
  const rounds = options.quick ? 1 : 3;
  const many = options.quick ? 100 : 1_000;
  const one = await makeHubTarget({ communities: 1, members: 100 });
  const thousand = await makeHubTarget({ communities: many, members: 2 });
  const crowd = await makeHubTarget({ communities: 1, members: options.quick ? 10_000 : 100_000 });
  const gathered = { one: [] as Measure[], thousand: [] as Measure[], crowd: [] as Measure[] };
  const memory = { rest: [] as number[], peak: [] as number[], touched: [] as number[] };
  try {
    for (let round = 0; round < rounds; round += 1) {
      gathered.one.push((await drive(one, 1, 32, options.seconds)).result);
      const spreadOut = await drive(thousand, many, many, options.seconds);
      gathered.thousand.push(spreadOut.result);
      memory.rest.push(spreadOut.rest);
      memory.peak.push(spreadOut.peak);
      memory.touched.push(spreadOut.touched);
      gathered.crowd.push((await drive(crowd, 1, 32, options.seconds)).result);
    }
  } finally {
    for (const target of [one, thousand, crowd]) await target.remove();
  }
  const ratio = (side: Measure[]) =>
    side.map((m, round) => m.p95 / (gathered.one[round] as Measure).p95);
  console.log(`\nScale: single sign-on, 8 users at once, p95 against one community of 100 members`);
  console.log(
    `one community, 100 members       p95 ${spread(
      gathered.one.map((m) => m.p95),
      1,
    )} ms`,
  );
  console.log(
    `${many} communities               p95 ${spread(
      gathered.thousand.map((m) => m.p95),
      1,
    )} ms, ratio ${spread(ratio(gathered.thousand))} (aim ≤ 1.2)`,
  );
  console.log(
    `one community, ${options.quick ? '10,000' : '100,000'} members  p95 ${spread(
      gathered.crowd.map((m) => m.p95),
      1,
    )} ms, ratio ${spread(ratio(gathered.crowd))}`,
  );
  console.log(
    `resident memory of the process    at rest ${spread(memory.rest, 0)} MB (aim < 150), with ${many} communities touched ${spread(memory.touched, 0)} MB (aim < 350), as ${many} people have just signed in ${spread(memory.peak, 0)} MB`,
  );
  return { ...gathered, memory };
}

/** The engine gives memory back after some seconds without work. */
const SETTLE_MS = 15_000;

/** Users sign in, one a realm at least, then single sign-on goes round all of them. */
async function drive(target: HubTarget, realms: number, users: number, seconds: number) {
  const process = await target.start();
  const pid = process.child.pid as number;
  const rest = await residentMegabytes(pid);
  const load = new Load();
  try {
    console.error(`${target.realms.length} communities: signing ${users} users in…`);
    await load.prepare(target, users, realms);
    await load.touch();
    const peak = await residentMegabytes(pid);
    await sleep(SETTLE_MS);
    const touched = await residentMegabytes(pid);
    await load.run('sso', 8, seconds);
    const result = await load.run('sso', 8, seconds);
    return { result, rest, peak, touched };
  } finally {
    await load.stop();
    await process.stop();
  }
}
