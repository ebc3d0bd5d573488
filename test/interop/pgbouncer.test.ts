import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import { setMemberStatus } from '../../src/domain/memberships/set-member-status.ts';
import { createLogger, type RunningHub, start } from '../../src/main.ts';
import { parseConfig } from '../../src/platform/config/config.ts';
import { createSealer } from '../../src/platform/secrets/sealer.ts';
import { buildLieu, type Lieu, READER_PASSWORD } from '../ldap/support/directory.ts';
import { connectLdap, dnsOf } from '../ldap/support/ldap-client.ts';
import { Browser } from '../support/browser.ts';
import { buildMember, buildService, PASSWORD } from '../support/factories.ts';
import { freePort } from '../support/free-port.ts';
import { TEST_SECRET, type TestHub } from '../support/hub.ts';
import { RelyingParty } from '../support/relying-party.ts';
import { runTrousseau } from '../support/run-trousseau.ts';
import { type PgBouncer, startPgBouncer } from './support/pgbouncer.ts';

const SECRET = TEST_SECRET.replaceAll(/[ ,]/g, '-');

let direct: string;
let pooler: PgBouncer;
const toStop: (() => Promise<unknown>)[] = [];

/** An empty database: its schema is made through the pooler, too. */
async function emptyDatabase(): Promise<string> {
  const name = `pooled_${randomBytes(6).toString('hex')}`;
  const admin = new pg.Client(inject('postgresUrl'));
  await admin.connect();
  await admin.query(`CREATE DATABASE ${name}`);
  await admin.end();
  const url = new URL(inject('postgresUrl'));
  url.pathname = `/${name}`;
  return url.href;
}

async function environment(values: Record<string, string> = {}) {
  const [web, ldap] = [await freePort(), await freePort()];
  return {
    TROUSSEAU_URL: `http://localhost:${web}`,
    TROUSSEAU_LISTEN: `127.0.0.1:${web}`,
    TROUSSEAU_LDAP_LISTEN: `127.0.0.1:${ldap}`,
    TROUSSEAU_SECRET: SECRET,
    DATABASE_URL: pooler.url,
    LOG_LEVEL: 'silent',
    ...values,
  };
}

type Started = RunningHub & { ldap: { host: string; port: number } };

async function startProcess(values: Record<string, string>): Promise<Started> {
  const config = parseConfig(await environment(values));
  const hub = await start(config, createLogger(config), { announceSetup: false });
  toStop.push(hub.stop);
  return { ...hub, ldap: config.ldap.listen as Started['ldap'] };
}

const modes = [
  { mode: 'session', more: () => ({}) },
  { mode: 'transaction', more: () => ({ DATABASE_LISTEN_URL: direct }) },
] as const;

describe.each(modes)('behind PgBouncer in $mode mode', ({ mode, more }) => {
  let first: Started;
  let second: Started;
  let lieu: Lieu;
  let app: RelyingParty;

  beforeAll(async () => {
    direct = await emptyDatabase();
    pooler = await startPgBouncer(direct, mode);
    [first, second] = await Promise.all([startProcess(more()), startProcess(more())]);
    const seen = {
      ...second,
      sealer: createSealer([SECRET]),
      app: { settle: async () => {} },
    } as unknown as TestHub;
    lieu = await buildLieu(seen, { slug: 'lamyne' });
    app = new RelyingParty(second.url, lieu.community, await buildService(seen, lieu.community));
  });
  afterAll(async () => {
    for (const stop of toStop.splice(0).reverse()) await stop();
    await pooler.stop();
  });

  it('two processes make the schema and serve, and the doctor is content', async () => {
    const { code, out } = await runTrousseau(['doctor'], await environment(more()));
    expect(out).toMatch(/^✓ what is announced arrives/m);
    expect([code, out]).toEqual([0, out]);
  });

  it('a member who is suspended on one process has no door open on the other after a second', async () => {
    const browser = new Browser({ stopAt: (url) => url.hostname.endsWith('.example') });
    const reader = await connectLdap(second.ldap);
    const person = await connectLdap(second.ldap);
    const tokens = await app.tokens(await app.signIn(browser, 'alice'));
    const doors: Record<string, () => Promise<boolean>> = {
      userinfo: async () => (await app.userinfo(tokens.access_token)).status === 200,
      account: async () =>
        (await browser.send(`${app.issuer}/account`, { redirect: 'manual' })).status === 200,
      'single sign-on': async () => app.isBack(await browser.open(app.authorizationUrl())),
      'LDAP search': async () => dnsOf(await reader.search(lieu.base, '(uid=alice)')).length === 1,
      'LDAP bind': async () => (await person.bind(lieu.dnOf(lieu.alice), PASSWORD)).code === 0,
      'what is bound': async () =>
        (await person.search(lieu.dnOf(lieu.alice), '(objectClass=*)')).entries.length === 1,
    };
    expect((await reader.bind(lieu.cloud.readerDn, READER_PASSWORD)).code).toBe(0);
    const open = async () => {
      const names: string[] = [];
      for (const [name, isOpen] of Object.entries(doors)) if (await isOpen()) names.push(name);
      return names;
    };
    // Twice: what can be remembered is.
    for (const _ of [1, 2]) expect(await open()).toEqual(Object.keys(doors));

    await first.database.transaction((tx) =>
      setMemberStatus(tx, lieu.community.id, lieu.alice.subject, 'suspend', 'cli'),
    );
    await delay(1_000);
    expect(await open()).toEqual([]);
    expect((await app.refresh(tokens.refresh_token as string)).status).toBe(400);
    for (const client of [reader, person]) client.close();
  });

  it('statements and locks are not taken for another session’s', async () => {
    const rounds = Array.from({ length: 12 }, async () => {
      const member = await buildMember(second.database, lieu.community.id);
      const browser = new Browser({ stopAt: (url) => url.hostname.endsWith('.example') });
      const tokens = await app.tokens(await app.signIn(browser, member.username));
      expect((await app.refresh(tokens.refresh_token as string)).status).toBe(200);
    });
    await Promise.all(rounds);
    const held = `SELECT count(*)::int AS n FROM pg_locks WHERE locktype = 'advisory'
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`;
    await expect.poll(async () => (await first.database.query(held))[0]?.n).toBe(0);
  });
});

describe('a pooler that keeps no sessions', () => {
  beforeAll(async () => {
    direct = await emptyDatabase();
    pooler = await startPgBouncer(direct, 'transaction');
  });
  afterEach(async () => {
    for (const stop of toStop.splice(0)) await stop();
  });
  afterAll(() => pooler.stop());

  it('is refused without an address to listen at, by the start and the doctor, with what to do', async () => {
    await expect(startProcess({})).rejects.toThrow(/pool_mode = session.*DATABASE_LISTEN_URL/);
    const { code, out } = await runTrousseau(['doctor'], await environment());
    expect(code).toBe(1);
    expect(out).toMatch(/^✗ the change feed: .*pool_mode = session.*DATABASE_LISTEN_URL/m);
  });

  it('is refused with an address that leads through it as well, or to another database', async () => {
    for (const wrong of [pooler.url, inject('postgresUrl')]) {
      await expect(startProcess({ DATABASE_LISTEN_URL: wrong })).rejects.toThrow(
        /does not arrive over DATABASE_LISTEN_URL/,
      );
    }
  });
});
