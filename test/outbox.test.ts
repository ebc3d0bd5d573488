import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { BackchannelLogout } from '../src/domain/sessions/backchannel-logout.ts';
import { type DeliveryContext, deliverMessage } from '../src/platform/outbox/deliver-message.ts';
import { enqueue, type OutboxMessage } from '../src/platform/outbox/outbox.ts';
import { claimMessages, LEASE_MS } from '../src/platform/outbox/outbox-store.ts';
import { nextDelay, type Outcome, parseRetryAfter } from '../src/platform/outbox/retry-policy.ts';
import { cloneDatabase, type TestDatabase } from './support/database.ts';
import { buildCommunity } from './support/factories.ts';

const HOUR = 3_600_000;
const kinds = ['backchannel-logout'];
let db: TestDatabase;
let communityId: string;

beforeAll(async () => {
  db = await cloneDatabase();
  communityId = (await buildCommunity(db.database)).id;
});
afterAll(() => db.drop());
beforeEach(() => db.database.query('TRUNCATE outbox, events'));

async function queue(...clientIds: string[]): Promise<void> {
  await db.database.transaction((tx) =>
    enqueue(
      tx,
      clientIds.map((clientId) => ({
        kind: 'backchannel-logout',
        communityId,
        payload: { issuer: 'https://login.example', clientId, subject: 'alice', sid: 's1' },
      })),
    ),
  );
}

/** One round of a worker at a given time. */
/** The database counts microseconds: what was queued in this millisecond is due in the next. */
const aMomentLater = () => new Date(Date.now() + 100);

async function deliverDue(
  now: Date,
  deliver: (clientId: string) => Promise<Outcome>,
): Promise<string[]> {
  const context: DeliveryContext = {
    database: db.database,
    deliveries: { 'backchannel-logout': (message) => deliver(message.payload.clientId) },
    log: pino({ level: 'silent' }),
  };
  const claimed = await claimMessages(db.database, { kinds, limit: 10, now });
  await Promise.all(claimed.map((message) => deliverMessage(context, message, now)));
  return claimed.map(clientOf);
}

function clientOf({ payload }: OutboxMessage): string {
  return (payload as BackchannelLogout['payload']).clientId;
}

const rows = () =>
  db.database.query(
    `SELECT attempts, last_error, done_at IS NOT NULL AS done, failed_at IS NOT NULL AS failed, next_attempt_at
     FROM outbox ORDER BY id`,
  );

test('what is queued in a transaction that is rolled back is never sent', async () => {
  const change = db.database.transaction(async (tx) => {
    await enqueue(tx, [
      {
        kind: 'backchannel-logout',
        communityId,
        payload: { issuer: 'i', clientId: 'wiki', subject: 's', sid: 's' },
      },
    ]);
    throw new Error('the change did not happen');
  });
  await expect(change).rejects.toThrow('did not happen');
  expect(await claimMessages(db.database, { kinds, limit: 10 })).toEqual([]);
});

test('a message is claimed by one worker only, and again when its lease has ended', async () => {
  await queue('wiki', 'cloud', 'forum');
  const claims = await Promise.all(
    [1, 2, 3].map(() => claimMessages(db.database, { kinds, limit: 2, now: aMomentLater() })),
  );
  expect(claims.flat().map(clientOf).sort()).toEqual(['cloud', 'forum', 'wiki']);
  const soon = new Date(Date.now() + LEASE_MS - 5_000);
  expect(await claimMessages(db.database, { kinds, limit: 10, now: soon })).toEqual([]);
  const later = new Date(Date.now() + LEASE_MS + 5_000);
  const again = await claimMessages(db.database, { kinds, limit: 10, now: later });
  expect(again.map((message) => message.attempts)).toEqual([2, 2, 2]);
});

test('a message of a kind that this version does not know is left for those who do', async () => {
  // As a newer version would queue it.
  await db.database.query(`INSERT INTO outbox (kind, payload) VALUES ('carrier-pigeon', '{}')`);
  expect(await claimMessages(db.database, { kinds, limit: 10 })).toEqual([]);
});

test('a delivered message is done', async () => {
  await queue('wiki');
  expect(await deliverDue(aMomentLater(), async () => ({ state: 'done' }))).toEqual(['wiki']);
  expect(await rows()).toMatchObject([
    { attempts: 1, done: true, failed: false, last_error: null },
  ]);
  expect(
    await deliverDue(new Date(Date.now() + 48 * HOUR), async () => ({ state: 'done' })),
  ).toEqual([]);
});

test('a failing message is tried 14 times over about two days, then given up and told of', async () => {
  await queue('wiki');
  const start = Date.now() + 1_000;
  let now = start;
  let attempts = 0;
  for (;;) {
    const delivered = await deliverDue(new Date(now), async () => ({
      state: 'retry',
      reason: 'wiki is away',
    }));
    expect(delivered).toHaveLength(1);
    attempts += 1;
    const [row] = await rows();
    expect(row).toMatchObject({ attempts, last_error: 'wiki is away', done: false });
    if (row.failed) break;
    expect(+row.next_attempt_at).toBeGreaterThan(now);
    // Not a moment too early.
    expect(
      await deliverDue(new Date(+row.next_attempt_at - 1), async () => ({ state: 'done' })),
    ).toEqual([]);
    now = +row.next_attempt_at;
  }
  expect(attempts).toBe(14);
  expect((now - start) / HOUR).toBeGreaterThan(30);
  expect((now - start) / HOUR).toBeLessThan(60);
  const events = await db.database.query('SELECT community_id, type, actor, details FROM events');
  expect(events).toEqual([
    {
      community_id: communityId,
      type: 'message.undelivered',
      actor: 'hub',
      details: { message: expect.any(String), kind: 'backchannel-logout', reason: 'wiki is away' },
    },
  ]);
  expect(await deliverDue(new Date(now + 100 * HOUR), async () => ({ state: 'done' }))).toEqual([]);
});

test('a refusal is believed after half an hour', () => {
  const refused = { state: 'refused', reason: '' } as const;
  const delays: number[] = [];
  for (let attempts = 1; ; attempts += 1) {
    const delay = nextDelay(attempts, refused, () => 0.5);
    if (delay === undefined) break;
    delays.push(delay / 1_000);
  }
  expect(delays).toEqual([5, 20, 80, 320, 1280]);
});

test('delays are spread by a fifth, end at six hours, and follow Retry-After up to a day', () => {
  const busy = (retryAfterMs: number) => ({ state: 'retry', reason: '', retryAfterMs }) as const;
  expect(nextDelay(1, busy(0), () => 0)).toBe(4_000);
  expect(nextDelay(1, busy(0), () => 1)).toBe(6_000);
  expect(nextDelay(12, busy(0), () => 0.5)).toBe(6 * HOUR);
  expect(nextDelay(1, busy(90_000), () => 0.5)).toBe(90_000);
  expect(nextDelay(3, busy(1_000), () => 0.5)).toBe(80_000);
  expect(nextDelay(1, busy(999 * HOUR), () => 0.5)).toBe(24 * HOUR);
});

test('Retry-After is read as seconds and as a date', () => {
  const now = new Date('2026-11-22T10:00:00Z');
  expect(parseRetryAfter('120', now)).toBe(120_000);
  expect(parseRetryAfter('Sun, 22 Nov 2026 10:01:00 GMT', now)).toBe(60_000);
  expect(parseRetryAfter('Sun, 22 Nov 2026 09:00:00 GMT', now)).toBe(0);
  expect(parseRetryAfter('soon', now)).toBeUndefined();
  expect(parseRetryAfter(null, now)).toBeUndefined();
});

test('a fault of our own is retried, and its text is not kept', async () => {
  await queue('wiki');
  await deliverDue(aMomentLater(), async () => {
    throw new TypeError('token abc');
  });
  expect(await rows()).toMatchObject([
    { attempts: 1, last_error: 'internal error: TypeError', failed: false },
  ]);
});

test('an attempt that outlived its lease has no say any more', async () => {
  await queue('wiki');
  let finish = (_: Outcome) => {};
  const slow = deliverDue(
    new Date(),
    () =>
      new Promise((resolve) => {
        finish = resolve;
      }),
  );
  await expect.poll(async () => (await rows())[0].attempts, { timeout: 10_000 }).toBe(1);
  const later = new Date(Date.now() + LEASE_MS + 5_000);
  await deliverDue(later, async () => ({ state: 'done' }));
  finish({ state: 'retry', reason: 'late' });
  await slow;
  expect(await rows()).toMatchObject([{ attempts: 2, done: true, last_error: null }]);
});

test('a message whose every attempt ended in a crash is given up without another', async () => {
  await queue('wiki');
  await db.database.query('UPDATE outbox SET attempts = 14');
  let tried = false;
  await deliverDue(aMomentLater(), async () => {
    tried = true;
    return { state: 'done' };
  });
  expect(tried).toBe(false);
  expect(await rows()).toMatchObject([{ failed: true, last_error: 'no attempt ever ended' }]);
});
