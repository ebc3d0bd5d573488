import { randomUUID } from 'node:crypto';
import { symlink, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createLogger, type RunningHub, start } from '../../src/main.ts';
import { parseConfig } from '../../src/platform/config/config.ts';
import { createSealer } from '../../src/platform/secrets/sealer.ts';
import { buildLieu, type Lieu, READER_PASSWORD } from '../ldap/support/directory.ts';
import { connectLdap } from '../ldap/support/ldap-client.ts';
import { Browser } from '../support/browser.ts';
import { buildService, PASSWORD } from '../support/factories.ts';
import { freePort } from '../support/free-port.ts';
import type { TestHub } from '../support/hub.ts';
import { RelyingParty } from '../support/relying-party.ts';
import { runTrousseau } from '../support/run-trousseau.ts';
import { startThrowAwayPostgres, type ThrowAwayPostgres } from '../support/throw-away-postgres.ts';

/** A PostgreSQL of this file's own: what is done to it would be felt by the others. */
let postgres: ThrowAwayPostgres;
let admin: pg.Client;
let hub: RunningHub;
let env: Record<string, string>;
let ldap: { host: string; port: number };
let lieu: Lieu;
let app: RelyingParty;

const MACHINE = { grants: ['authorization_code', 'client_credentials'] };
const SECRET = 'a-sealing-key-of-more-than-32-characters';

beforeAll(async () => {
  postgres = await startThrowAwayPostgres();
  const url = new URL(postgres.url);
  url.pathname = '/troubled';
  const first = new pg.Client(postgres.url);
  await first.connect();
  await first.query('CREATE DATABASE troubled');
  await first.end();
  const [web, port] = [await freePort(), await freePort()];
  env = {
    TROUSSEAU_URL: `http://localhost:${web}`,
    TROUSSEAU_LISTEN: `127.0.0.1:${web}`,
    TROUSSEAU_LDAP_LISTEN: `127.0.0.1:${port}`,
    TROUSSEAU_SECRET: SECRET,
    DATABASE_URL: url.href,
    LOG_LEVEL: 'silent',
  };
  ldap = { host: '127.0.0.1', port };
  const config = parseConfig(env);
  hub = await start(config, createLogger(config), { announceSetup: false });
  const seen = {
    ...hub,
    sealer: createSealer([SECRET]),
    app: { settle: async () => {} },
  } as unknown as TestHub;
  lieu = await buildLieu(seen, { slug: 'lamyne' });
  app = new RelyingParty(
    hub.url,
    lieu.community,
    await buildService(seen, lieu.community, {}, MACHINE),
  );
  admin = new pg.Client(url.href);
  await admin.connect();
  // Nothing has failed yet, and the directory is in memory.
  expect(await troubles()).toEqual(ALL_WELL);
});
afterAll(async () => {
  await admin?.end();
  await hub?.stop();
  await postgres?.remove();
});

const ALL_WELL = {
  page: 200,
  signIn: 303,
  token: 200,
  authorization: 200,
  ready: 200,
  search: 0,
  bind: 49,
};

/** What becomes of requests that read, and of such that write. */
async function troubles(): Promise<Record<keyof typeof ALL_WELL, unknown>> {
  const browser = new Browser({ stopAt: () => true });
  const page = await browser.open(`${app.issuer}/login`);
  const signIn = await submitted(browser);
  const token = await app.post('/oidc/token', { grant_type: 'client_credentials' });
  const body = (await token.json()) as { error?: string };
  const authorization = await browser.send(app.authorizationUrl());
  const ready = await fetch(`${hub.url}/readyz`);
  const client = await connectLdap(ldap);
  // What nobody typed before is looked up and counted.
  const bind = await client.bind(`uid=${randomUUID()},ou=people,${lieu.base}`, PASSWORD);
  await client.bind(lieu.cloud.readerDn, READER_PASSWORD);
  const search = await client.search(lieu.base, '(uid=alice)');
  client.close();
  return {
    page: page.status,
    signIn: answerOf(signIn),
    token: answerOf(token, body.error),
    authorization: authorization.status === 303 ? 200 : answerOf(authorization),
    ready: answerOf(ready),
    search: search.code,
    bind: bind.code,
  };
}

async function submitted(browser: Browser): Promise<Response> {
  const page = await browser.open(`${app.issuer}/login`);
  const csrf = page.document.querySelector('#login-form input[name=csrf]')?.getAttribute('value');
  return browser.send(`${app.issuer}/login`, {
    method: 'POST',
    body: new URLSearchParams({ csrf: csrf ?? '', username: 'alice', password: PASSWORD }),
  });
}

function answerOf(response: Response, error?: string): unknown {
  if (response.status < 500) return response.status;
  const again = response.headers.get('retry-after') !== null ? 'come again' : 'no word';
  return [response.status, again, ...(error === undefined ? [] : [error])].join(', ');
}

async function cutConnections(): Promise<void> {
  await admin.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
     WHERE datname = current_database() AND pid <> pg_backend_pid()`,
  );
}

/** Each answer, again and again until it is what it should be: connections come back in their time. */
const settled = (expected: Record<string, unknown>) =>
  // Each look is two sign-ins and more; whether the hub is ready, it remembers for a second.
  expect.poll(troubles, { timeout: 40_000, interval: 400 }).toEqual(expected);

describe('while the database is read-only, as after a failover', () => {
  afterEach(async () => {
    await admin.query('SET default_transaction_read_only = off');
    await admin.query('ALTER DATABASE troubled RESET default_transaction_read_only');
    await cutConnections();
  });

  it('what must be written is refused for now, what is only read goes on, and all goes well afterwards', async () => {
    await admin.query('ALTER DATABASE troubled SET default_transaction_read_only = on');
    await cutConnections();
    await settled({
      ...ALL_WELL,
      signIn: '503, come again',
      token: '503, come again, temporarily_unavailable',
      authorization: '503, come again',
      ready: '503, come again',
      bind: 52,
    });
    const doctor = await runTrousseau(['doctor'], env);
    expect(doctor.code).toBe(1);
    expect(doctor.out).toMatch(
      /^✗ the database cannot be written: the database is read-only.*\(25006\)/m,
    );
    const refused = await runTrousseau(['member', 'suspend', 'lamyne', 'bob'], env);
    expect(refused.err).toMatch(/^trousseau: the database is read-only/);

    await admin.query('ALTER DATABASE troubled RESET default_transaction_read_only');
    // The connections that said so are gone: nothing has to be restarted.
    await settled(ALL_WELL);
  }, 120_000);
});

describe('while a write fails', () => {
  it.each(['53100', '53200', '53400', '58000', '58030', '57P03', '40001', 'XX001'])(
    'with %s, it is refused for now',
    async (state) => {
      await admin.query(`CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '${state}'; END $$`);
      for (const table of ['throttles', 'oidc_artifacts', 'hub_settings']) {
        await admin.query(`CREATE TRIGGER tr_fail BEFORE INSERT OR UPDATE ON ${table}
          FOR EACH ROW EXECUTE FUNCTION fail()`);
      }
      await settled({
        ...ALL_WELL,
        signIn: '503, come again',
        token: '503, come again, temporarily_unavailable',
        authorization: '503, come again',
        ready: '503, come again',
        bind: 52,
      });
      await admin.query('DROP FUNCTION fail CASCADE');
      await settled(ALL_WELL);
    },
    120_000,
  );

  it('because the disk is full, it is refused for now', async () => {
    // Of a table's own file, a device that is always full.
    const [row] = (
      await admin.query(
        `SELECT current_setting('data_directory') AS folder, pg_relation_filepath('throttles') AS file`,
      )
    ).rows;
    await admin.query('TRUNCATE throttles');
    const [fresh] = (await admin.query(`SELECT pg_relation_filepath('throttles') AS file`)).rows;
    const file = join(row.folder, fresh.file);
    await cutConnections();
    await unlink(file);
    await symlink('/dev/full', file);
    await settled({ ...ALL_WELL, signIn: '503, come again', bind: 52 });
    const { code } = (await admin
      .query(`INSERT INTO throttles VALUES ('k', 1, 1)`)
      .catch((error) => error)) as pg.DatabaseError;
    expect(code).toBe('53100');
  }, 120_000);
});
