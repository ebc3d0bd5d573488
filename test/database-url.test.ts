import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { parseConfig } from '../src/platform/config/config.ts';
import { parseDatabaseUrl } from '../src/platform/config/database-url.ts';
import { openDatabase } from '../src/platform/database/database.ts';
import { writeCertificate } from './support/certificate.ts';
import { cloneDatabase, type TestDatabase } from './support/database.ts';
import { type PostgresFront, startPostgresFront, type Takes } from './support/postgres-front.ts';

describe('a database URL', () => {
  const parts = (url: string) => {
    const address = parseDatabaseUrl(url);
    if ('fault' in address) throw new Error(address.fault);
    const { host, port, user, password, database } = address;
    return [user, password, host, port, database];
  };

  it('is read as libpq reads it', () => {
    expect(parts('postgres://alice:secret@db.example:6432/hub')).toEqual([
      'alice',
      'secret',
      'db.example',
      6432,
      'hub',
    ]);
    expect(parts('postgresql://db.example/hub')).toEqual([
      undefined,
      undefined,
      'db.example',
      5432,
      'hub',
    ]);
    expect(parts('postgres://u:%25%2F%3F%23%40%3A%20@[::1]/h%C3%A9')).toEqual([
      'u',
      '%/?#@: ',
      '::1',
      5432,
      'hé',
    ]);
    const socket = ['u', 'p', '/run/postgresql', 5433, 'hub'];
    expect(parts('postgres://u:p@localhost:5433/hub?host=/run/postgresql')).toEqual(socket);
    expect(parts('postgres://u:p@%2Frun%2Fpostgresql:5433/hub')).toEqual(socket);
    expect(parts('postgres:///hub?host=/run/postgresql&port=5433&user=u&password=p')).toEqual(
      socket,
    );
    expect(parts('postgres://u:p@/hub')).toEqual(['u', 'p', 'localhost', 5432, 'hub']);
  });

  it.each([
    'postgres://user:pa/xyz@host/db',
    'postgres://user:12/xyz@host/db',
    'postgres://user:pa?xyz@host/db',
    'postgres://user:12?xyz@host/db',
    'postgres://user:pa#xyz@host/db',
    'postgres://user:12#xyz@host/db',
    'postgres://user:pa%xyz@host/db',
    'postgres://user:pa%zzxyz@host/db',
    'postgres://user:12?pa%20xyz=1',
    'postgres://user:pa:xyz@host:port/db',
  ])(
    'that cannot be read, %s, names its variable and what to encode, and not the password',
    (url) => {
      const config = () => parseConfig({ DATABASE_URL: url });
      expect(config).toThrow(/^.*\n {2}DATABASE_URL: .*% as %25, \/ as %2F, \? as %3F, # as %23/);
      expect(config).not.toThrow(/xyz/);
    },
  );

  it.each([
    ['mysql://db/hub', 'must start with'],
    ['postgres://one,two/hub', 'several hosts'],
    ['postgres://one:1,two:2/hub', 'several hosts'],
    ['postgres://db:0/hub', 'port'],
    ['postgres://db/hub?sslmode=maybe', 'sslmode is one of disable, allow, prefer'],
    ['postgres://db/hub?sslmode=verify-ca', 'sslrootcert'],
    ['postgres://db/hub?sslmode=verify-full&sslrootcert=/nowhere', 'sslrootcert: "/nowhere"'],
    ['postgres://db/hub?sslmode=require&sslrootcert=system', 'verify-full'],
    ['postgres://db/hub?sslcert=/nowhere', 'sslcert and sslkey'],
    ['postgres://db/hub?sslnegotiation=direct', 'sslmode=require'],
    ['postgres://db/hub?sslmod=require', 'not known here: sslmod'],
    ['postgres://db/hub?channel_binding=require', 'channel_binding'],
    ['postgres://db/hub?target_session_attrs=standby', 'target_session_attrs'],
  ])(
    'that asks for what cannot be, %s, is a fault: nothing is passed over in silence',
    (url, words) => {
      expect(() => parseConfig({ DATABASE_URL: url })).toThrow(words);
      expect(() => parseConfig({ DATABASE_URL: url })).toThrow(/DATABASE_URL: /);
    },
  );

  it('to listen at needs one that leads through a pooler', () => {
    const url = 'postgres://db/hub';
    expect(() => parseConfig({ DATABASE_LISTEN_URL: url })).toThrow(/DATABASE_LISTEN_URL: /);
    expect(parseConfig({ DATABASE_URL: url, DATABASE_LISTEN_URL: url })).toMatchObject({
      databaseListenUrl: url,
    });
  });
});

describe('sslmode means what libpq means by it', () => {
  let db: TestDatabase;
  let folder: string;
  let files: { cert: string; key: string };
  let others: { cert: string; key: string };
  let front: PostgresFront;

  beforeAll(async () => {
    db = await cloneDatabase();
    folder = await mkdtemp(join(tmpdir(), 'trousseau-test-'));
    files = await writeCertificate(folder, 'server');
    others = await writeCertificate(folder, 'other');
  });
  afterEach(() => front.stop());
  afterAll(async () => {
    await db.drop();
    await rm(folder, { recursive: true });
  });

  /** How the connections came; or what was said instead. */
  async function outcome(takes: Takes, query: string, host = '127.0.0.1'): Promise<string> {
    front = await startPostgresFront(db.database.connection, takes, files);
    const url = new URL(db.url);
    const credentials = `${url.username}:${url.password}`;
    const known = query.replace('OURS', files.cert).replace('OTHERS', others.cert);
    try {
      const opened = await openDatabase({
        url: `postgres://${credentials}@${host}:${front.port}${url.pathname}?${known}`,
        poolSize: 1,
      });
      expect(await opened.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
      await opened.close();
      return front.came.at(-1) as string;
    } catch (error) {
      expect(front.came).toEqual([]);
      return (error as Error).message;
    }
  }

  it.each<[Takes, string, RegExp]>([
    ['both', '', /^tls$/],
    ['both', 'sslmode=disable', /^clear$/],
    ['both', 'sslmode=allow', /^clear$/],
    ['both', 'sslmode=prefer', /^tls$/],
    ['both', 'sslmode=require', /^tls$/],
    ['both', 'ssl=true', /^tls$/],
    ['clear only', '', /^clear$/],
    ['clear only', 'sslmode=allow', /^clear$/],
    ['clear only', 'sslmode=prefer', /^clear$/],
    ['clear only', 'sslmode=require', /does not support SSL/],
    ['clear only', 'sslmode=verify-full&sslrootcert=OURS', /does not support SSL/],
    ['clear only, but offers tls', 'sslmode=prefer', /^clear$/],
    ['clear only, but offers tls', 'sslmode=require', /no pg_hba.conf entry/],
    ['tls only', 'sslmode=disable', /no pg_hba.conf entry/],
    ['tls only', 'sslmode=allow', /^tls$/],
    ['tls only', 'sslmode=prefer&sslrootcert=OTHERS', /^tls$/],
    ['tls only', 'sslmode=require', /^tls$/],
    // With an authority named, `require` is `verify-ca`.
    ['tls only', 'sslmode=require&sslrootcert=OURS', /^tls$/],
    ['tls only', 'sslmode=require&sslrootcert=OTHERS', /certificate|signature/],
    ['tls only', 'sslmode=verify-ca&sslrootcert=OURS', /^tls$/],
    ['tls only', 'sslmode=verify-ca&sslrootcert=OTHERS', /certificate|signature/],
    // The certificate is localhost's.
    ['tls only', 'sslmode=verify-full&sslrootcert=OURS', /does not match certificate/],
    ['tls only', 'sslmode=verify-full', /self-signed certificate/],
    ['tls only', 'sslrootcert=system', /self-signed certificate/],
  ])('a server that takes %s, and %s', async (takes, query, expected) => {
    expect(await outcome(takes, query)).toMatch(expected);
  });

  it('verify-full looks at the name', async () => {
    expect(await outcome('tls only', 'sslmode=verify-full&sslrootcert=OURS', 'localhost')).toBe(
      'tls',
    );
  });
});
