import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { applyFile } from '../../src/transfer/apply/apply-file.ts';
import { formatPlan } from '../../src/transfer/apply/plan.ts';
import { SEALER } from '../support/apply-text.ts';
import { cloneDatabase, type TestDatabase } from '../support/database.ts';

const MEMBERS = 5_000;
const HASH =
  '$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaGhhc2g';
const URL_OF_HUB = 'https://hub.example';
let db: TestDatabase;
let folder: string;
let path: string;

beforeAll(async () => {
  db = await cloneDatabase();
  folder = await mkdtemp(join(tmpdir(), 'apply-'));
  path = join(folder, 'city.yaml');
  await writeFile(path, city());
});
afterAll(async () => {
  await db.drop();
  await rm(folder, { recursive: true });
});

function city(): string {
  const members = Array.from(
    { length: MEMBERS },
    (_, n) => `
      - username: member${n}
        name: Member ${n}
        email: member${n}@city.example
        passwordHash: "${HASH}"
        groups: [${n % 2 === 0 ? 'even' : 'odd'}, all]`,
  );
  return `version: 1
communities:
  - slug: city
    name: City
    groups: [{ name: even }, { name: odd }, { name: all }]
    members:${members.join('')}
`;
}

async function countRows(): Promise<number> {
  const [row] = await db.database.query(
    `SELECT (SELECT count(*) FROM communities) + (SELECT count(*) FROM persons) + (SELECT count(*) FROM memberships)
       + (SELECT count(*) FROM group_members) + (SELECT count(*) FROM events) AS count`,
  );
  return Number(row.count);
}

/** Starts `apply` in a process of its own, and lets it come as far as its events, the last it writes. */
async function stopBeforeTheEnd(
  onStopped: (child: ChildProcess, blocked: number) => Promise<unknown>,
): Promise<void> {
  const client = new pg.Client(db.url);
  await client.connect();
  try {
    await client.query('BEGIN');
    await client.query('LOCK TABLE events IN ACCESS EXCLUSIVE MODE');
    const child = spawn(process.execPath, ['--input-type=module', '-e', SCRIPT], {
      env: { ...process.env, DATABASE: db.url, FILE: path },
      stdio: ['ignore', 'ignore', 'ignore'],
    });
    const exit = once(child, 'exit');
    await onStopped(child, await waitingBackend(client, child));
    await exit;
    await client.query('ROLLBACK');
  } finally {
    await client.end();
  }
}

const SCRIPT = `
  import { openDatabase } from ${JSON.stringify(new URL('../../src/platform/database/database.ts', import.meta.url).href)};
  import { applyFile } from ${JSON.stringify(new URL('../../src/transfer/apply/apply-file.ts', import.meta.url).href)};
  import { createSealer } from ${JSON.stringify(new URL('../../src/platform/secrets/sealer.ts', import.meta.url).href)};
  const database = await openDatabase({ url: process.env.DATABASE });
  await applyFile(database, createSealer(['x'.repeat(32)]), { path: process.env.FILE, hubUrl: '${URL_OF_HUB}', env: {} });
`;

/** Process id of the connection that waits for the lock on events. */
async function waitingBackend(client: pg.Client, child: ChildProcess): Promise<number> {
  while (child.exitCode === null) {
    await client.query('SELECT pg_sleep(0.02)');
    const { rows } = await client.query(
      `SELECT l.pid FROM pg_locks l WHERE NOT l.granted AND l.relation = 'events'::regclass
         AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
    );
    if (rows[0] !== undefined) return rows[0].pid;
  }
  throw new Error(`apply ended with ${child.exitCode} before it was stopped`);
}

test('kill -9 in the middle leaves nothing behind', async () => {
  await stopBeforeTheEnd(async (child) => child.kill('SIGKILL'));
  expect(await countRows()).toBe(0);
});

test('a connection that is cut in the middle leaves nothing behind', async () => {
  await stopBeforeTheEnd(async (_child, pid) => {
    await db.database.query('SELECT pg_terminate_backend($1)', [pid]);
  });
  expect(await countRows()).toBe(0);
});

test(`a file of ${MEMBERS} members applies, and applies again without a change`, async () => {
  const run = async () => {
    const start = performance.now();
    const plan = await applyFile(db.database, SEALER, { path, hubUrl: URL_OF_HUB, env: {} });
    console.log(
      `${MEMBERS} members: ${Math.round(performance.now() - start)} ms, ${formatPlan(plan).split('\n').at(-1)}`,
    );
    return plan.counts;
  };
  expect(await run()).toEqual({ create: MEMBERS + 4, update: 0, remove: 0 });
  expect(await countRows()).toBe(1 + MEMBERS * 2 + MEMBERS * 2 + MEMBERS * 3 + 4);
  expect(await run()).toEqual({ create: 0, update: 0, remove: 0 });
}, 120_000);
