import { makeHubTarget } from './hub-target.ts';
import { Load } from './processes.ts';
import { spread } from './stats.ts';
import { NO_PAUSE, type Pause, type Scenario } from './target.ts';

/** An app asks a hundred times a second, as independent of the hub's answers as can be. */
const PROBE: Pause = { least: 9, most: 11 };
/** People read and type: a few seconds between two sign-ins. */
const PEOPLE: Pause = { least: 1000, most: 3000 };

type Crowd = { name: string; scenario: Scenario; pause: Pause };
const CROWDS: Crowd[] = [
  { name: '16 people sign in, who take two seconds to type', scenario: 'sign-in', pause: PEOPLE },
  { name: '16 programs sign in without a pause', scenario: 'sign-in', pause: NO_PAUSE },
  // The same without a hash: what of the waiting is not the hashing.
  { name: '16 programs, signed in, open apps without a pause', scenario: 'sso', pause: NO_PAUSE },
];

/** Whether password hashing keeps others waiting: discovery's p99 idle, and beside each crowd in turn. */
export async function measureSignIns(options: { seconds: number }) {
  const hub = await makeHubTarget({ communities: 1, members: 100 });
  const process = await hub.start();
  const [probe, crowd] = [new Load(), new Load()];
  const idle: number[] = [];
  const beside = CROWDS.map(() => ({ p99: [] as number[], rates: [] as number[] }));
  const seconds = options.seconds * 2;
  try {
    await probe.prepare(hub, 1);
    await crowd.prepare(hub, 16);
    for (let round = 0; round < 3; round += 1) {
      idle.push((await probe.run('discovery', 1, seconds, PROBE)).p99);
      for (const [index, { scenario, pause }] of CROWDS.entries()) {
        const [acts, discovery] = await Promise.all([
          crowd.run(scenario, 16, seconds, pause),
          probe.run('discovery', 1, seconds, PROBE),
        ]);
        beside[index]?.p99.push(discovery.p99);
        beside[index]?.rates.push(acts.rate);
      }
    }
  } finally {
    await probe.stop();
    await crowd.stop();
    await process.stop();
    await hub.remove();
  }
  console.log(`\nDiscovery's p99, asked a hundred times a second: idle ${spread(idle)} ms`);
  const results = CROWDS.map(({ name }, index) => {
    const { p99 = [], rates = [] } = beside[index] ?? {};
    const ratios = p99.map((ms, round) => ms / (idle[round] as number));
    console.log(
      `  while ${name} (${spread(rates, 0)} a second): ${spread(p99)} ms, ${spread(ratios)} times idle${index === 0 ? ' (aim < 3)' : ''}`,
    );
    return { name, p99, rates, ratios };
  });
  return { idle, crowds: results };
}
