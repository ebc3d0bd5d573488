import { makeHubTarget, startBare } from './hub-target.ts';
import { Load } from './processes.ts';
import { type Measure, median, spread } from './stats.ts';
import { SCENARIOS, type Scenario, type Target } from './target.ts';

const USERS = [1, 8, 32];
/** Aims: the hub's rate as a part of the bare provider's. */
const AIMS: Partial<Record<Scenario, number>> = {
  sso: 0.8,
  refresh: 0.8,
  userinfo: 0.8,
  discovery: 2,
  jwks: 2,
};

type Cell = { hub: Measure[]; bare: Measure[] };

/**
 * The hub (PostgreSQL) and the bare oidc-provider (in memory), each in fresh processes, in turn, driven
 * by the same program. Prints the ratio of the medians of their rates, with its spread over the rounds.
 */
export async function compareWithBare(options: { rounds: number; seconds: number }) {
  const hub = await makeHubTarget({ communities: 1, members: 100 });
  const cells = new Map<string, Cell>();
  try {
    for (let round = 0; round < options.rounds; round += 1) {
      const bare = await startBare();
      await drive('bare', bare.target, cells, options.seconds, round);
      await bare.process.stop();
      const process = await hub.start();
      await drive('hub', hub, cells, options.seconds, round);
      await process.stop();
    }
  } finally {
    await hub.remove();
  }
  print(cells);
  return Object.fromEntries(cells);
}

async function drive(
  side: keyof Cell,
  target: Target,
  cells: Map<string, Cell>,
  seconds: number,
  round: number,
) {
  const load = new Load();
  try {
    await load.prepare(target, Math.max(...USERS));
    for (const scenario of SCENARIOS) {
      await load.run(scenario, 8, Math.min(1, seconds / 2));
      for (const users of USERS) {
        const result = await load.run(scenario, users, seconds);
        const key = `${scenario}/${users}`;
        const cell = cells.get(key) ?? { hub: [], bare: [] };
        cell[side].push(result);
        cells.set(key, cell);
        console.error(
          `round ${round + 1} ${side} ${scenario} ×${users}: ${result.rate.toFixed(0)}/s`,
        );
      }
    }
  } finally {
    await load.stop();
  }
}

function print(cells: Map<string, Cell>): void {
  console.log(
    '\nHub (PostgreSQL) against the bare provider (in memory); rates a second, latencies in ms',
  );
  console.log(
    'scenario            users   hub/s  bare/s   ratio (spread)       hub p50/p95/p99      aim',
  );
  for (const [key, { hub, bare }] of cells) {
    const [scenario, users] = key.split('/') as [Scenario, string];
    const rates = (side: Measure[]) => median(side.map((m) => m.rate));
    const ratios = hub.map((m, round) => m.rate / (bare[round] as Measure).rate);
    const latency = (['p50', 'p95', 'p99'] as const)
      .map((name) => median(hub.map((m) => m[name])).toFixed(1))
      .join(' / ');
    const aim = AIMS[scenario];
    console.log(
      [
        scenario.padEnd(20),
        users.padStart(4),
        rates(hub).toFixed(0).padStart(8),
        rates(bare).toFixed(0).padStart(7),
        `  ${spread(ratios)}`.padEnd(24),
        latency.padEnd(20),
        aim === undefined ? '' : `≥ ${aim} ${median(ratios) >= aim ? 'met' : 'not met'}`,
      ].join(' '),
    );
  }
}
