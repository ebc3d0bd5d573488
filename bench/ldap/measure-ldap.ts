import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { processorTime } from '../processes.ts';
import { spread } from '../stats.ts';
import { makeBridgeTarget } from './bridge-target.ts';
import {
  type LdapAnswer,
  type LdapOrder,
  type LdapServer,
  type LdapTarget,
  PATTERNS,
  type Pattern,
} from './ldap-target.ts';
import { makeSlapdTarget } from './slapd-target.ts';

/** One run against one server; processor times are milliseconds for each act. */
export type LdapMeasure = Omit<Extract<LdapAnswer, { kind: 'done' }>, 'kind'> & {
  server: number;
  database: number;
  load: number;
};
type Side = { target: LdapTarget; server: LdapServer };

const CONNECTIONS = [1, 8, 32];

/** Our bridge and Debian's slapd with the same directory and the same questions, in turn. */
export async function measureLdap(options: {
  people: number[];
  patterns?: readonly Pattern[] | undefined;
  rounds: number;
  seconds: number;
  quick: boolean;
}) {
  const results: Record<string, unknown> = {};
  for (const people of options.people) {
    const targets = [await makeSlapdTarget(people), await makeBridgeTarget(people)];
    try {
      results[people] = await compare(targets, people, options);
    } finally {
      for (const target of targets) await target.remove();
    }
  }
  return results;
}

async function compare(
  targets: LdapTarget[],
  people: number,
  { patterns = PATTERNS, rounds, seconds, quick }: Parameters<typeof measureLdap>[0],
) {
  const sides: Side[] = [];
  const load = startLoad();
  const gathered: Record<string, Record<string, LdapMeasure[]>> = {};
  const memory: Record<string, string> = {};
  console.log(`\nLDAP: ${people} people, the bridge against slapd`);
  try {
    for (const target of targets) sides.push({ target, server: await target.start() });
    // The load program makes its population first; the first question makes each server read what it needs.
    await load.ask(order(targets[0]?.port as number, people, 'uid', 1, 0.1, 0));
    for (const { target, server } of sides) {
      const asked = performance.now();
      await load.ask(order(target.port, people, 'uid', 1, 0, 0));
      const took = performance.now() - asked;
      const told = `${await memoryOf(server.pid)}; first answer after ${took.toFixed(0)} ms`;
      console.log(`${target.name} before: ${told}`);
      memory[`${target.name} before`] = told;
    }
    let skip = 0;
    for (const pattern of patterns) {
      for (const connections of quick ? [1, 32] : CONNECTIONS) {
        const measures: Record<string, LdapMeasure[]> = { slapd: [], bridge: [] };
        for (let round = 0; round < rounds; round += 1) {
          let most = 0;
          // The one that goes first takes turns.
          for (const side of round % 2 === 0 ? sides : [...sides].reverse()) {
            const { port, name } = side.target;
            const result = await measureOne(
              side,
              load,
              order(port, people, pattern, connections, seconds, skip),
            );
            measures[name]?.push(result);
            most = Math.max(most, result.acts);
          }
          if (pattern === 'sign-in') skip += most;
        }
        print(pattern, connections, measures);
        gathered[`${pattern} ${connections}`] = measures;
      }
    }
    for (const { target, server } of sides) {
      memory[target.name] = await memoryOf(server.pid);
      console.log(`memory of ${target.name} afterwards: ${memory[target.name]}`);
    }
  } finally {
    await load.stop();
    for (const { server } of sides) await server.stop();
  }
  return { gathered, memory };
}

function order(
  port: number,
  people: number,
  pattern: Pattern,
  connections: number,
  seconds: number,
  skip: number,
): LdapOrder {
  return { port, people, pattern, connections, seconds, skip };
}

async function measureOne(
  { target, server }: Side,
  load: ReturnType<typeof startLoad>,
  wanted: LdapOrder,
): Promise<LdapMeasure> {
  const times = async () => [
    await processorTime(server.pid),
    await target.databaseTime(),
    await processorTime(load.pid),
  ];
  const before = await times();
  const answer = await load.ask(wanted);
  const after = await times();
  const [own, database, loads] = after.map(
    (time, index) => (time - (before[index] as number)) / answer.acts,
  );
  const { kind: _, ...measured } = answer;
  return {
    ...measured,
    server: own as number,
    database: database as number,
    load: loads as number,
  };
}

function print(pattern: string, connections: number, measures: Record<string, LdapMeasure[]>) {
  const { slapd = [], bridge = [] } = measures;
  const of = (side: LdapMeasure[], read: (measure: LdapMeasure) => number, digits = 2) =>
    spread(side.map(read), digits);
  const ratio = (read: (measure: LdapMeasure) => number) =>
    spread(bridge.map((each, round) => read(each) / read(slapd[round] as LdapMeasure)));
  console.log(`\n${pattern}, ${connections} connection(s)`);
  for (const [name, side] of Object.entries({ slapd, bridge })) {
    console.log(
      `  ${name.padEnd(6)}  ${of(side, (m) => m.rate, 0)} a second · p50 ${of(side, (m) => m.p50)} p99 ${of(side, (m) => m.p99)} ms · processor ${of(side, (m) => m.server, 3)} ms each (database ${of(side, (m) => m.database, 3)}, load program ${of(side, (m) => m.load, 3)})`,
    );
  }
  console.log(`  ratio   rate ${ratio((m) => m.rate)} · processor ${ratio((m) => m.server)}`);
}

/** Starts the load program. */
export function startLoad() {
  const child = fork(fileURLToPath(new URL('load.ts', import.meta.url)), {
    env: { ...process.env, NODE_ENV: 'production' },
  });
  return {
    pid: child.pid as number,
    async ask(wanted: LdapOrder): Promise<Extract<LdapAnswer, { kind: 'done' }>> {
      child.send(wanted);
      const [answer] = (await once(child, 'message')) as [LdapAnswer];
      if (answer.kind === 'done') return answer;
      throw new Error(`${wanted.pattern} at port ${wanted.port}: ${answer.message}`);
    },
    async stop() {
      const ended = once(child, 'exit');
      child.disconnect();
      await ended;
    },
  };
}

/** Resident memory, and how much of it is not a view of a file. */
async function memoryOf(pid: number): Promise<string> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const megabytes = (name: string) =>
    (Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1]) / 1024).toFixed(0);
  return `${megabytes('VmRSS')} MB resident, ${megabytes('RssAnon')} MB of it the process's own`;
}
