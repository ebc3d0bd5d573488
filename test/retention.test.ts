import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createApiToken } from '../src/domain/api-tokens/create-api-token.ts';
import { takeNearEnds } from '../src/domain/ends/near-ends.ts';
import { createInvitation } from '../src/domain/invitations/create-invitation.ts';
import { mintLink } from '../src/domain/links/link-store.ts';
import { keepMail } from '../src/domain/notices/kept-mail-store.ts';
import { deliverNewDevice, newDeviceMessage } from '../src/domain/notices/new-device.ts';
import { insertOperator } from '../src/domain/operators/create-operator.ts';
import { openOperatorSession } from '../src/domain/operators/operator-session.ts';
import {
  endRecovery,
  listRecoveries,
  requestRecovery,
} from '../src/domain/recovery/assisted-recovery.ts';
import { cleanUpExpired, sweepSql } from '../src/domain/retention/expiry-cleanup.ts';
import { SWEEPS, type Sweep } from '../src/domain/retention/growth.ts';
import { generateSigningKey } from '../src/domain/signing-keys/signing-key.ts';
import { insertKey } from '../src/domain/signing-keys/signing-key-store.ts';
import { ConfigurationError, parseConfig } from '../src/platform/config/config.ts';
import { recordEvents } from '../src/platform/events/record-event.ts';
import { enqueue } from '../src/platform/outbox/outbox.ts';
import {
  type Claimed,
  claimMessages,
  markDone,
  markFailed,
} from '../src/platform/outbox/outbox-store.ts';
import { spendProof } from '../src/platform/secrets/replay-store.ts';
import { createThrottles } from '../src/platform/throttles/throttles.ts';
import { BOUNDED } from './support/bounded-tables.ts';
import { cloneDatabase, type TestDatabase } from './support/database.ts';
import { factories, sealer } from './support/domain.ts';
import { claim } from './support/host-proofs.ts';

const DAY = 86_400_000;
const MINUTE = 60_000;
const RETENTION = { events: 400, keptMails: 11, failed: 33 };
const ISSUER = 'http://localhost:8080/c/lieu';

let db: TestDatabase;
let communityId: string;
let subject: string;
let operatorId: string;
let build: ReturnType<typeof factories>;

beforeAll(async () => {
  db = await cloneDatabase();
  build = factories(db.database);
  communityId = await build.buildCommunity('lamyne');
  subject = await build.buildMember(communityId);
  operatorId = await db.database.transaction((tx) => insertOperator(tx, 'ops@example.org', 'none'));
});
afterAll(() => db.drop());

const inTransaction: TestDatabase['database']['transaction'] = (work) =>
  db.database.transaction(work);
const event = (type: 'session.ended' | 'member.deleted') =>
  inTransaction((tx) => recordEvents(tx, [{ communityId, type, actor: 'hub', subject } as never]));

async function message(): Promise<Claimed> {
  const queued = newDeviceMessage({
    communityId,
    issuerUrl: ISSUER,
    subject,
    userAgent: undefined,
    ip: '192.0.2.1',
  });
  await inTransaction((tx) => enqueue(tx, [queued]));
  const [claimed] = await claimMessages(db.database, { kinds: ['new-device'], limit: 1 });
  return claimed as Claimed;
}

/** How a row of each comes to be; written as it is where only a page's request makes it. */
const MAKE: Record<string, () => Promise<unknown>> = {
  'sessions.expires_at': () => build.buildSession(communityId, subject),
  'oidc_artifacts.expires_at': () => build.buildSession(communityId, subject, ['app']),
  'operator_sessions.expires_at': () =>
    inTransaction((tx) => openOperatorSession(tx, operatorId, ['pwd'], { passwordHash: 'none' })),
  'spent_proofs.expires_at': () => spendProof(db.database, 'challenge', randomUUID(), new Date()),
  'pending_sign_ins.expires_at': () =>
    db.database.query(
      `INSERT INTO pending_sign_ins (community_id, token_hash, subject, issuer, password_hash, waits_for, expires_at)
       VALUES ($1, sha256($2::bytea), $3, $4, 'none', 'factor', now())`,
      [communityId, Buffer.from(randomUUID()), subject, ISSUER],
    ),
  'done_steps.expires_at': () =>
    db.database.query(
      `INSERT INTO done_steps (community_id, key, browser_hash, sealed_answer, expires_at)
       VALUES ($1, sha256($2::bytea), '\\x00', '\\x00', now())`,
      [communityId, Buffer.from(randomUUID())],
    ),
  'pending_operator_sign_ins.expires_at': () =>
    db.database.query(
      `INSERT INTO pending_operator_sign_ins (token_hash, operator_id, password_hash, expires_at)
       VALUES (sha256($1::bytea), $2, 'none', now())`,
      [Buffer.from(randomUUID()), operatorId],
    ),
  'host_claims.expires_at': () => claim(db.database, communityId, `${randomUUID()}.lieu.example`),
  'links.expires_at': () =>
    mintLink(db.database, communityId, { kind: 'recovery', subject, hours: 1 }),
  'signing_keys.expires_at': async () => {
    const key = await generateSigningKey('ES256');
    const at = new Date(0);
    await inTransaction((tx) =>
      insertKey(tx, sealer, communityId, key, { createdAt: at, activatesAt: at }),
    );
  },
  'throttles.expire': () =>
    createThrottles(db.database.pool, sealer).appSucceeded({
      communityId,
      ip: `2001:db8:${Math.floor(Math.random() * 60_000).toString(16)}::1`,
    }),
  'outbox.done_at': async () => markDone(db.database, await message()),
  'outbox.failed_at': async () => markFailed(db.database, await message(), 'away'),
  'kept_mails.created_at': () =>
    keepMail(db.database, sealer, {
      communityId,
      to: 'a@lieu.example',
      mail: { subject: 's', html: 'h', text: 't' },
    }),
  'events.at': () => event('session.ended'),
  'invitations.expires_at': () =>
    inTransaction((tx) =>
      createInvitation(
        tx,
        sealer,
        communityId,
        { label: 'l', role: 'member', groupIds: [], maxUses: 1, days: 1 },
        'cli',
      ),
    ),
  'end_notices.ends_at': async () => {
    await build.buildMember(communityId, { until: new Date(Date.now() + DAY / 2) });
    await inTransaction((tx) => takeNearEnds(tx, 'member', { limit: 1 }));
  },
  'api_tokens.expires_at': () =>
    inTransaction((tx) =>
      createApiToken(tx, communityId, { name: 't', scopes: ['members:read'], days: 1 }, 'cli'),
    ),
  'api_answers.expires_at': async () => {
    const { id } = await inTransaction((tx) =>
      createApiToken(tx, communityId, { name: 't', scopes: ['members:read'], days: 1 }, 'cli'),
    );
    await db.database.query(
      `INSERT INTO api_answers VALUES ($1, '\\x00', $2, '\\x00', '\\x00', now())`,
      [id, communityId],
    );
  },
  'assisted_recoveries.ended_at': async () => {
    const by = await build.buildMember(communityId, { role: 'admin' });
    const place = { communityId, issuerUrl: ISSUER };
    await inTransaction((tx) => requestRecovery(tx, place, { subject, by, delayHours: 1 }));
    const [open] = await listRecoveries(db.database, communityId);
    await inTransaction((tx) =>
      endRecovery(tx, communityId, { id: open?.id as string }, by, 'refused'),
    );
  },
};

/** By how many days each of them outlives its time. */
const KEPT: Record<string, number> = {
  'links.expires_at': 7,
  'outbox.done_at': 7,
  'outbox.failed_at': RETENTION.failed,
  'kept_mails.created_at': RETENTION.keptMails,
  'events.at': RETENTION.events,
  'end_notices.ends_at': 7,
  'invitations.expires_at': RETENTION.events,
  'api_tokens.expires_at': RETENTION.events,
  'assisted_recoveries.ended_at': RETENTION.events,
};

describe.each(SWEEPS.map((sweep) => [`${sweep.table}.${sweep.column}`, sweep] as const))(
  '%s',
  (name, sweep) => {
    const { table, column } = sweep;
    const rows = () => db.database.query(`SELECT 1 FROM ${table} WHERE ${column} IS NOT NULL`);

    test('goes when its time is over, and not before', async () => {
      const now = new Date();
      await db.database.query(`DELETE FROM ${table}`);
      const make = MAKE[name] as () => Promise<unknown>;
      for (const beyond of [-MINUTE, MINUTE]) {
        await make();
        // What was made just now, and has no time yet or a time near now, is aged one by one.
        const time = +now - (KEPT[name] ?? 0) * DAY + beyond;
        await db.database.query(
          `UPDATE ${table} SET ${times(sweep)} WHERE ctid = (SELECT max(ctid) FROM ${table})`,
          [sweep.inMilliseconds ? time : new Date(time)],
        );
      }
      const before = await rows();
      await cleanUpExpired(db.database, RETENTION, { now });
      expect([before.length, (await rows()).length]).toEqual([2, 1]);
      await cleanUpExpired(db.database, RETENTION, { now: new Date(+now + 2 * MINUTE) });
      expect(await rows()).toEqual([]);
    });

    test('is found by an index, in the order in which it goes', async () => {
      const plan = await inTransaction(async (tx) => {
        // Tables of a test are so small that reading all of them would be quicker.
        await tx.query('SET LOCAL enable_seqscan = off');
        await tx.query('SET LOCAL enable_bitmapscan = off');
        return tx.query<{ 'QUERY PLAN': string }>(`EXPLAIN ${sweepSql(sweep)}`, [
          sweep.inMilliseconds ? 0 : new Date(),
          1_000,
        ]);
      });
      const text = plan.map((line) => line['QUERY PLAN']).join('\n');
      expect(text).toMatch(
        new RegExp(`Index (Only )?Scan using ix_${table}_${column} on ${table}`),
      );
      expect(text).not.toContain('Sort');
    });
  },
);

function times({ table, column }: Sweep): string {
  // A key signs, retires and expires, in this order.
  if (table === 'signing_keys')
    return `retires_at = $1::timestamptz - interval '1 hour', ${column} = $1`;
  return `${column} = $1`;
}

test('what has no end stays: messages that wait, recoveries under way, keys that sign', async () => {
  const key = await generateSigningKey('RS256');
  const at = new Date();
  await inTransaction((tx) =>
    insertKey(tx, sealer, communityId, key, { createdAt: at, activatesAt: at }),
  );
  await message();
  const by = await build.buildMember(communityId, { role: 'admin' });
  const place = { communityId, issuerUrl: ISSUER };
  await inTransaction((tx) => requestRecovery(tx, place, { subject, by, delayHours: 1 }));
  await cleanUpExpired(db.database, RETENTION, { now: new Date(Date.now() + 4_000 * DAY) });
  const left = await Promise.all(
    ['outbox WHERE done_at IS NULL', 'assisted_recoveries', 'signing_keys'].map((from) =>
      db.database.query(`SELECT 1 FROM ${from}`),
    ),
  );
  expect(left.map((rows) => rows.length > 0)).toEqual([true, true, true]);
});

test('that somebody was deleted outlives the trail: they cannot come back', async () => {
  await event('session.ended');
  await event('member.deleted');
  await cleanUpExpired(db.database, RETENTION, { now: new Date(Date.now() + 4_000 * DAY) });
  expect(await db.database.query('SELECT type FROM events')).toEqual([{ type: 'member.deleted' }]);
});

test('a table with much to delete keeps no other waiting', async () => {
  await db.database.query('DELETE FROM sessions');
  await db.database.query('DELETE FROM invitations');
  for (let n = 0; n < 7; n += 1) await (MAKE['sessions.expires_at'] as () => Promise<unknown>)();
  await (MAKE['invitations.expires_at'] as () => Promise<unknown>)();
  const now = new Date(Date.now() + 500 * DAY);
  const left = async () => {
    const [row] = await db.database.query(
      `SELECT (SELECT count(*)::int FROM sessions) AS sessions, (SELECT count(*)::int FROM invitations) AS invitations`,
    );
    return row;
  };
  // A round only, as when its time is over.
  await cleanUpExpired(db.database, RETENTION, { now, batch: 3, longestMs: 0 });
  expect(await left()).toEqual({ sessions: 4, invitations: 0 });
  await cleanUpExpired(db.database, RETENTION, { now, batch: 3 });
  expect(await left()).toEqual({ sessions: 0, invitations: 0 });
});

test('a new device is told of when the trail no longer says whether there was one before', async () => {
  const other = await cloneDatabase();
  const there = factories(other.database);
  const community = await there.buildCommunity();
  const member = await there.buildMember(community, { email: 'zoe@lieu.example' });
  const signIn = {
    communityId: community,
    issuerUrl: ISSUER,
    subject: member,
    userAgent: undefined,
    ip: '192.0.2.1',
  };
  const notices = async () => {
    await other.database.transaction((tx) => enqueue(tx, [newDeviceMessage(signIn)]));
    const [claimed] = await claimMessages(other.database, { kinds: ['new-device'], limit: 1 });
    await deliverNewDevice(other, claimed as Claimed<'new-device'>);
    return other.database.query(`SELECT 1 FROM outbox WHERE kind = 'mail'`);
  };
  expect(await notices()).toHaveLength(0);
  await cleanUpExpired(other.database, RETENTION, { now: new Date(Date.now() + 401 * DAY) });
  expect(await notices()).toHaveLength(1);
  await other.drop();
});

describe('every table', () => {
  const named = () =>
    [...new Set([...SWEEPS.map(({ table }) => table), ...Object.keys(BOUNDED)])].sort();

  test('is swept, or is bounded by something: one that is added has to say which', async () => {
    const tables = await db.database.query<{ name: string }>(
      `SELECT relname AS name FROM pg_catalog.pg_class
       WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') ORDER BY relname COLLATE "C"`,
    );
    expect(tables.map(({ name }) => name)).toEqual(named());
  });

  test('stands in the operator’s guide, as the program has it', async () => {
    const guide = await readFile('docs/operate.md', 'utf8');
    const section = guide.slice(guide.indexOf('## What grows\n'), guide.indexOf('## Versions\n'));
    const lines = [...section.matchAll(/^\| `(\w+)` \| (.+?)(?: \| (.+?))? \|$/gm)];
    const told = new Map(
      lines.map(([, table, more, end]) => [table, end ?? more] as [string, string]),
    );
    expect([...told.keys()].sort()).toEqual(named());
    for (const [table, bound] of Object.entries(BOUNDED))
      expect([table, told.get(table)]).toEqual([table, bound]);
    const variables = {
      events: 'TROUSSEAU_KEEP_EVENTS_DAYS',
      keptMails: 'TROUSSEAU_KEEP_MAILS_DAYS',
      failed: 'TROUSSEAU_KEEP_FAILED_DAYS',
    };
    for (const { table, kept } of SWEEPS) {
      const word =
        typeof kept === 'string' ? variables[kept] : kept === undefined ? '' : `${kept} days`;
      expect(told.get(table)).toContain(word);
    }
  });
});

describe('the operator’s settings', () => {
  test('are days, with a year of events as the default', () => {
    expect(parseConfig({}).retention).toEqual({ events: 365, keptMails: 30, failed: 90 });
    const { retention } = parseConfig({
      TROUSSEAU_KEEP_EVENTS_DAYS: '90',
      TROUSSEAU_KEEP_MAILS_DAYS: '1',
      TROUSSEAU_KEEP_FAILED_DAYS: '365',
    });
    expect(retention).toEqual({ events: 90, keptMails: 1, failed: 365 });
  });

  test.each([
    ['TROUSSEAU_KEEP_EVENTS_DAYS', '89', '90 to 3650'],
    ['TROUSSEAU_KEEP_EVENTS_DAYS', '1y', '90 to 3650'],
    ['TROUSSEAU_KEEP_MAILS_DAYS', '0', '1 to 365'],
    ['TROUSSEAU_KEEP_FAILED_DAYS', '-1', '1 to 365'],
  ])('%s=%s is a fault that says what can be', (variable, value, range) => {
    expect(() => parseConfig({ [variable]: value })).toThrow(ConfigurationError);
    expect(() => parseConfig({ [variable]: value })).toThrow(
      `${variable}: "${value}" is not a number of days from ${range}`,
    );
  });
});
