import ipaddr from 'ipaddr.js';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startWorker } from '../src/app-worker.ts';
import { cleanUpExpired } from '../src/domain/retention/expiry-cleanup.ts';
import { ensureKeys } from '../src/domain/signing-keys/ensure-keys.ts';
import { listKeys } from '../src/domain/signing-keys/signing-key-store.ts';
import { parseConfig } from '../src/platform/config/config.ts';
import { createOutbound } from '../src/platform/outbound/outbound.ts';
import { createSealer } from '../src/platform/secrets/sealer.ts';
import { runIfDue, type ScheduledTask } from '../src/platform/worker/scheduled-task.ts';
import { cloneDatabase, type TestDatabase } from './support/database.ts';
import { buildCommunity, buildMember } from './support/factories.ts';
import { openOutboxFeed } from './support/feed.ts';

const DAY = 86_400_000;
const NOW = new Date('2026-06-01T12:00:00Z');
const at = (days: number) => new Date(+NOW + days * DAY);
const RETENTION = { events: 365, keptMails: 30, failed: 90 };
const { signal } = new AbortController();
let db: TestDatabase;
let communityId: string;

beforeEach(async () => {
  db = await cloneDatabase();
  communityId = (await buildCommunity(db.database)).id;
});
afterEach(() => db.drop());

/** With an end in the past or to come, as this file's other rows: only time makes them old. */
async function buildSession(uid: string, expiresAt: Date): Promise<void> {
  await db.database.query(
    `INSERT INTO sessions (community_id, id_hash, uid, issuer, payload, expires_at)
     VALUES ($1, sha256($2::bytea), $3, 'https://login.example', '{}', $4)`,
    [communityId, uid, uid, expiresAt],
  );
}

const uids = async () =>
  (await db.database.query<{ uid: string }>('SELECT uid FROM sessions ORDER BY uid')).map(
    (row) => row.uid,
  );

test('what has expired is deleted, what has not stays', async () => {
  await buildSession('old', at(-0.01));
  await buildSession('young', at(0.01));
  for (const [id, expiresAt] of [
    ['\\x01', at(-1)],
    ['\\x02', at(1)],
    ['\\x03', null],
  ]) {
    await db.database.query(
      `INSERT INTO oidc_artifacts (community_id, kind, id_hash, payload, expires_at) VALUES ($1, 'AccessToken', $2, '{}', $3)`,
      [communityId, id, expiresAt],
    );
  }
  await db.database.query(
    `WITH person AS (INSERT INTO persons DEFAULT VALUES RETURNING id),
          operator AS (INSERT INTO operators (person_id, email) SELECT id, 'ops@example.org' FROM person RETURNING id)
     INSERT INTO operator_sessions (token_hash, operator_id, expires_at)
     SELECT t.hash, operator.id, t.expires_at FROM operator, (VALUES ('\\x01'::bytea, $1::timestamptz), ('\\x02', $2)) AS t (hash, expires_at)`,
    [at(-1), at(1)],
  );
  await db.database.query(
    `INSERT INTO throttles (key, expire) VALUES ('old', $1), ('young', $2), ('for ever', NULL)`,
    [+at(-1), +at(1)],
  );
  await db.database.query(
    `INSERT INTO outbox (kind, payload, done_at, failed_at) VALUES
       ('k', '"done long ago"', $1, NULL), ('k', '"done lately"', $2, NULL), ('k', '"failed"', NULL, $1),
       ('k', '"failed long ago"', NULL, $3), ('k', '"waiting"', NULL, NULL)`,
    [at(-8), at(-6), at(-91)],
  );
  expect(await cleanUpExpired(db.database, RETENTION, { now: NOW })).toBe(6);
  expect(await uids()).toEqual(['young']);
  expect(await db.database.query(`SELECT id_hash FROM oidc_artifacts`)).toHaveLength(2);
  expect(await db.database.query(`SELECT token_hash FROM operator_sessions`)).toEqual([
    { token_hash: Buffer.of(2) },
  ]);
  expect(await db.database.query(`SELECT key FROM throttles ORDER BY key`)).toEqual([
    { key: 'for ever' },
    { key: 'young' },
  ]);
  expect(await db.database.query(`SELECT payload FROM outbox ORDER BY id`)).toEqual([
    { payload: 'done lately' },
    { payload: 'failed' },
    { payload: 'waiting' },
  ]);
});

test('many rows go in batches', async () => {
  for (let i = 0; i < 7; i += 1) await buildSession(`s${i}`, at(-1));
  expect(await cleanUpExpired(db.database, RETENTION, { now: NOW, batch: 3 })).toBe(7);
  expect(await uids()).toEqual([]);
});

test('a row that a request holds is not waited for', async () => {
  await buildSession('held', at(-1));
  await buildSession('free', at(-1));
  await db.database.transaction(async (tx) => {
    await tx.query(`UPDATE sessions SET last_seen_at = now() WHERE uid = 'held'`);
    expect(await cleanUpExpired(db.database, RETENTION, { now: NOW })).toBe(1);
  });
  expect(await uids()).toEqual(['held']);
});

test('the clean-up stops where it is when the process stops', async () => {
  await buildSession('old', at(-1));
  expect(
    await cleanUpExpired(db.database, RETENTION, { now: NOW, signal: AbortSignal.abort() }),
  ).toBe(0);
});

function countingTask(run = async () => {}): ScheduledTask & { runs: number } {
  const task = {
    name: 'count',
    everyMs: DAY,
    runs: 0,
    async run() {
      task.runs += 1;
      await run();
    },
  };
  return task;
}

test('a task is run once a period, however many processes keep the schedule', async () => {
  const task = countingTask();
  const round = async (now: Date) =>
    (await Promise.all([1, 2, 3].map(() => runIfDue(db.database, task, { now, signal })))).filter(
      Boolean,
    );
  expect(await round(NOW)).toHaveLength(1);
  expect(await round(at(0.9))).toHaveLength(0);
  expect(await round(at(1))).toHaveLength(1);
  expect(task.runs).toBe(2);
});

test('a task that takes longer than its period is not started a second time meanwhile', async () => {
  let finish = () => {};
  const task = countingTask(
    () =>
      new Promise((resolve) => {
        finish = resolve;
      }),
  );
  const long = runIfDue(db.database, task, { now: NOW, signal });
  await expect.poll(() => task.runs).toBe(1);
  expect(await runIfDue(db.database, task, { now: at(2), signal })).toBe(false);
  finish();
  expect(await long).toBe(true);
});

test('a task that fails lets go of its lock', async () => {
  const task = countingTask(async () => {
    throw new Error('broken');
  });
  await expect(runIfDue(db.database, task, { now: NOW, signal })).rejects.toThrow('broken');
  await expect(runIfDue(db.database, task, { now: at(1), signal })).rejects.toThrow('broken');
  expect(task.runs).toBe(2);
});

test('a worker sets to its schedule when it starts: old keys are rotated and expired sessions deleted', async () => {
  const sealer = createSealer(['a-sealing-key-of-more-than-32-characters']);
  const outbound = createOutbound({ privateNetworks: [ipaddr.parseCIDR('127.0.0.0/8')] });
  await ensureKeys(db.database, sealer, communityId, new Date(Date.now() - 91 * DAY));
  await buildSession('old', new Date(Date.now() - DAY));
  const config = parseConfig({});
  const feed = await openOutboxFeed(db.database);
  const log = pino({ level: 'silent' });
  const parts = { config, database: db.database, feed, sealer, outbound, log };
  const workers = [startWorker(parts), startWorker(parts)];
  await expect
    .poll(async () => (await listKeys(db.database, communityId)).length, { timeout: 10_000 })
    .toBe(4);
  await expect.poll(uids, { timeout: 10_000 }).toEqual([]);
  for (const worker of workers) await worker.stop();
  expect(await listKeys(db.database, communityId)).toHaveLength(4);
  await outbound.close();
  await feed.close();
});

test('a worker wakes at an end, and what is over is ended at once though nothing is announced', async () => {
  const until = new Date(Date.now() + 1_500);
  const member = await buildMember(db.database, communityId, { until });
  const outbound = createOutbound({ privateNetworks: [] });
  const sealer = createSealer(['a-sealing-key-of-more-than-32-characters']);
  const feed = await openOutboxFeed(db.database);
  const log = pino({ level: 'silent' });
  const parts = { config: parseConfig({}), database: db.database, feed, sealer, outbound, log };
  const workers = [startWorker(parts), startWorker(parts)];
  const told = () =>
    db.database.query<{ at: Date }>(
      `SELECT at FROM events WHERE type = 'member.ended' AND subject = $1`,
      [member.subject],
    );
  await expect.poll(told, { timeout: 5_000 }).toHaveLength(1);
  const [{ at: toldAt }] = (await told()) as [{ at: Date }];
  expect(+toldAt - +until).toBeGreaterThanOrEqual(0);
  expect(+toldAt - +until).toBeLessThan(1_000);
  for (const worker of workers) await worker.stop();
  expect(await told()).toHaveLength(1);
  await outbound.close();
  await feed.close();
});
