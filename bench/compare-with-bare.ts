import { makeHubTarget, startBare } from './hub-target.ts';
import { Load, processorTime, type Started } from './processes.ts';
import { type Cost, type Measure, median, range } from './stats.ts';
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
      const pass = { cells, round, seconds: options.seconds };
      await drive({ ...pass, side: 'bare', target: bare.target, process: bare.process });
      await bare.process.stop();
      const process = await hub.start();
      await drive({ ...pass, side: 'hub', target: hub, process, database: hub.databaseTime });
      await process.stop();
    }
  } finally {
    await hub.remove();
  }
  print(cells);
  return Object.fromEntries(cells);
}

type Pass = {
  side: keyof Cell;
  target: Target;
  process: Started;
  database?: () => Promise<number>;
  cells: Map<string, Cell>;
  seconds: number;
  round: number;
};

async function drive({ side, target, process, database, cells, seconds, round }: Pass) {
  const load = new Load();
  const used = async (): Promise<Cost> => ({
    provider: await processorTime(process.child.pid as number),
    database: (await database?.()) ?? 0,
    load: await processorTime(load.pid),
  });
  try {
    await load.prepare(target, Math.max(...USERS));
    for (const scenario of SCENARIOS) {
      // Until the engine has compiled what is used.
      await load.run(scenario, 8, seconds);
      for (const users of USERS) {
        const before = await used();
        const result = await load.run(scenario, users, seconds);
        const cost = costPerAct(before, await used(), result.count);
        const key = `${scenario}/${users}`;
        const cell = cells.get(key) ?? { hub: [], bare: [] };
        cell[side].push({ ...result, cost });
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

function costPerAct(before: Cost, after: Cost, acts: number): Cost {
  const part = (who: keyof Cost) => (after[who] - before[who]) / acts;
  return { provider: part('provider'), database: part('database'), load: part('load') };
}

function print(cells: Map<string, Cell>): void {
  console.log(`
Hub (PostgreSQL) against the bare provider (in memory); rates a second, latencies in ms
scenario            users   hub/s  bare/s   ratio (spread)       hub p50/p95/p99      aim`);
  for (const [key, cell] of cells) console.log(comparison(key, cell));
  console.log(`
Processor time for each act, in ms
scenario            users   hub   + PostgreSQL   bare   load on hub / on bare`);
  for (const [key, cell] of cells) console.log(costs(key, cell));
}

function comparison(key: string, { hub, bare }: Cell): string {
  const [scenario, users] = key.split('/') as [Scenario, string];
  const rate = (side: Measure[]) => median(side.map((m) => m.rate));
  const ratio = rate(hub) / rate(bare);
  const ratios = hub.map((m, round) => m.rate / (bare[round] as Measure).rate);
  const latency = (['p50', 'p95', 'p99'] as const)
    .map((name) => median(hub.map((m) => m[name])).toFixed(1))
    .join(' / ');
  const aim = AIMS[scenario];
  return [
    scenario.padEnd(20),
    users.padStart(4),
    rate(hub).toFixed(0).padStart(8),
    rate(bare).toFixed(0).padStart(7),
    `  ${ratio.toFixed(2)} (${range(ratios)})`.padEnd(24),
    latency.padEnd(20),
    aim === undefined ? '' : `≥ ${aim} ${ratio >= aim ? 'met' : 'not met'}`,
  ].join(' ');
}

function costs(key: string, { hub, bare }: Cell): string {
  const [scenario, users] = key.split('/') as [string, string];
  const cost = (side: Measure[], who: keyof Cost) =>
    median(side.map((m) => m.cost?.[who] ?? Number.NaN)).toFixed(3);
  return [
    scenario.padEnd(20),
    users.padStart(4),
    cost(hub, 'provider').padStart(7),
    cost(hub, 'database').padStart(10),
    cost(bare, 'provider').padStart(11),
    `${cost(hub, 'load')} / ${cost(bare, 'load')}`.padStart(19),
  ].join(' ');
}
