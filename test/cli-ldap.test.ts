import { spawn } from 'node:child_process';
import { mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { appPasswordHash } from '../src/domain/app-passwords/app-password.ts';
import { checkPassword } from '../src/domain/people/password.ts';
import { days, writeCertificate } from './support/certificate.ts';
import { cloneDatabase, type TestDatabase } from './support/database.ts';
import { factories } from './support/domain.ts';
import { changeCommunity } from './support/factories.ts';

const PROGRAM = fileURLToPath(new URL('../src/trousseau.js', import.meta.url));
const SECRET = 'command-command-command-command-command';

let db: TestDatabase;
let make: ReturnType<typeof factories>;
let community: string;
let serviceId: string;
let folder: string;

beforeAll(async () => {
  db = await cloneDatabase();
  make = factories(db.database);
  folder = await mkdtemp(join(tmpdir(), 'trousseau-cli-ldap-'));
  community = await make.buildCommunity('lamyne');
  await make.buildMember(community, { username: 'alice' });
  ({ serviceId } = await make.buildService(community, { slug: 'mail' }));
});
afterAll(async () => {
  await db.drop();
  await rm(folder, { recursive: true });
});

type Run = { code: number | null; out: string; err: string };

/** Runs the command as a user does: its own process, the environment for settings. */
function trousseau(line: string, env: Record<string, string> = {}): Promise<Run> {
  const child = spawn(process.execPath, [PROGRAM, ...line.split(' ')], {
    env: {
      PATH: process.env.PATH,
      NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE,
      DATABASE_URL: db.url,
      TROUSSEAU_SECRET: SECRET,
      TROUSSEAU_DATA: folder,
      ...env,
    },
  });
  const run: Run = { code: null, out: '', err: '' };
  child.stdout.on('data', (chunk) => {
    run.out += chunk;
  });
  child.stderr.on('data', (chunk) => {
    run.err += chunk;
  });
  return new Promise((resolve) => child.on('close', (code) => resolve({ ...run, code })));
}

async function json(line: string) {
  const run = await trousseau(`${line} --json`);
  expect(run).toMatchObject({ code: 0, err: '' });
  return JSON.parse(run.out);
}

function expectRefused(run: Run, reason: RegExp) {
  expect(run).toMatchObject({ code: 1, out: '' });
  expect(run.err).toMatch(/^trousseau: [^\n]+\n$/);
  expect(run.err).toMatch(reason);
}

test('a reader gets a secret that is shown once, then another, and is taken away', async () => {
  const hash = async () => {
    const [row] = await db.database.query(
      'SELECT password_hash FROM service_readers WHERE service_id = $1',
      [serviceId],
    );
    return row?.password_hash as string | undefined;
  };
  const dn = 'cn=mail,ou=services,o=lamyne';
  const first = await json('service reader lamyne mail');
  expect(first).toEqual({ service: 'mail', dn, created: true, secret: expect.any(String) });
  expect((await checkPassword(await hash(), first.secret)).matches).toBe(true);
  const { out } = await trousseau('service reader lamyne mail');
  expect(out).toMatch(
    /^cn=mail,ou=services,o=lamyne has a new secret; the old one works no more\.\nSecret, shown only now: \S{43}\n$/,
  );
  expect((await checkPassword(await hash(), first.secret)).matches).toBe(false);
  expect(await json('service reader lamyne mail --remove')).toEqual({
    service: 'mail',
    dn,
    removed: true,
  });
  expect(await hash()).toBeUndefined();
  expect((await trousseau('service reader lamyne mail --remove')).out).toBe(
    'mail had no LDAP reader; nothing was changed.\n',
  );
  expectRefused(await trousseau('service reader lamyne post'), /no service "post" in lamyne/);
});

test('an app password is made, listed without its secret, and revoked', async () => {
  const made = await json('member app-password lamyne alice mail --name phone');
  expect(made).toMatchObject({ username: 'alice', service: 'mail', name: 'phone', allowed: true });
  const [row] = await db.database.query('SELECT secret_hash FROM app_passwords WHERE id = $1', [
    made.id,
  ]);
  expect(row.secret_hash).toEqual(appPasswordHash(made.password));
  const second = await trousseau('member app-password lamyne alice mail');
  expect(second.out).toMatch(
    /^alice of lamyne has an app password for mail\.\nPassword, shown only now: \w{4}(-\w{4}){6}\n$/,
  );
  const list = await trousseau('member app-passwords lamyne alice');
  expect(list.out).toMatch(/^ID +SERVICE +NAME +MADE +LAST USED$/m);
  expect(list.out).toMatch(
    new RegExp(`^${made.id} +mail +phone +\\d{4}-\\d\\d-\\d\\d +never$`, 'm'),
  );
  const listed = await json('member app-passwords lamyne alice');
  expect(listed.appPasswords).toHaveLength(2);
  expect(JSON.stringify(listed)).not.toContain(made.password);
  expect((await trousseau(`member revoke-app-password lamyne alice ${made.id}`)).out).toBe(
    '1 app password of alice works no more.\n',
  );
  expectRefused(
    await trousseau(`member revoke-app-password lamyne alice ${made.id}`),
    /there is no app password/,
  );
  expect(await json('member revoke-app-password lamyne alice --all')).toMatchObject({ revoked: 1 });
  expect((await trousseau('member app-passwords lamyne alice')).out).toBe(
    'alice has no app passwords.\n',
  );
});

test('an app password for a service that the member may not use says that it does not work yet', async () => {
  await make.buildService(community, { slug: 'board', access: 'approval' });
  const { out, code } = await trousseau('member app-password lamyne alice board');
  expect(code).toBe(0);
  expect(out).toContain('It works once they may use board; now they may not (approval).');
});

test('what cannot be is refused with one line', async () => {
  const line = 'member revoke-app-password lamyne alice';
  expectRefused(await trousseau(line), /give either an id or --all/);
  expectRefused(await trousseau(`${line} 17`), /"17" is not an app password's id/);
  expectRefused(
    await trousseau('member app-password lamyne zoe mail'),
    /no member "zoe" in lamyne/,
  );
  expectRefused(
    await trousseau('community create aval --name Aval --ldap-base cn=operators'),
    /the LDAP base "cn=operators" must not be cn=operators/,
  );
  expectRefused(
    await trousseau('community create aval --name Aval --ldap-base ou=aval,O=LaMyne'),
    /the LDAP base "ou=aval,O=LaMyne" lies inside that of the community "lamyne"/,
  );
});

describe('the doctor', () => {
  const doctor = (env: Record<string, string> = {}) => trousseau('doctor', env);

  async function certificate(name: string, to: Date) {
    const { cert, key } = await writeCertificate(folder, name, { from: days(-10), to });
    return { TROUSSEAU_TLS_CERT: cert, TROUSSEAU_TLS_KEY: key };
  }

  test('says where LDAP is served', async () => {
    expect((await doctor()).out).toMatch(/^✓ LDAP on 127\.0\.0\.1:3890, for this machine only$/m);
    expect((await doctor({ TROUSSEAU_LDAP_LISTEN: 'off' })).out).toMatch(
      /^✓ this process serves no LDAP$/m,
    );
    expect((await doctor({ TROUSSEAU_ROLES: 'web' })).out).toMatch(/serves no LDAP/);
    const both = {
      TROUSSEAU_LDAPS_LISTEN: '0.0.0.0:6360',
      ...(await certificate('good', days(90))),
    };
    expect((await doctor({ ...both, TROUSSEAU_LDAP_LISTEN: '0.0.0.0:3890' })).out).toMatch(
      /^✓ LDAP on 0\.0\.0\.0:3890 and LDAPS on 0\.0\.0\.0:6360, with TLS$/m,
    );
  });

  test('warns of a listener that others reach and that has no certificate (row 20)', async () => {
    const { out } = await doctor({ TROUSSEAU_LDAP_LISTEN: '0.0.0.0:3890' });
    expect(out).toMatch(/^! LDAP listens on 0\.0\.0\.0:3890 without a certificate/m);
  });

  test('warns of a certificate that ends soon, and fails one that ended or is not the key’s', async () => {
    const [soon, other] = [
      await certificate('soon', days(3)),
      await certificate('other', days(90)),
    ];
    expect((await doctor(soon)).out).toMatch(/^! the certificate in TROUSSEAU_TLS_CERT ends on /m);
    const mixed = await doctor({ ...soon, TROUSSEAU_TLS_KEY: other.TROUSSEAU_TLS_KEY });
    expect(mixed.code).toBe(1);
    expect(mixed.out).toMatch(/^✗ TROUSSEAU_TLS_KEY is not the key of the certificate/m);
    expect((await doctor(await certificate('ended', days(-1)))).out).toMatch(
      /^✗ the certificate in TROUSSEAU_TLS_CERT ended on /m,
    );
  });

  test('looks at the certificates of hosts, and for those that are missing', async () => {
    const usual = await certificate('usual-one', days(90));
    const hosts = await mkdtemp(join(folder, 'hosts-'));
    const put = (host: string, to: Date) =>
      writeCertificate(hosts, host, { from: days(-10), to, host }).then(({ cert }) =>
        rename(cert, join(hosts, `${host}.crt`)),
      );
    await put('soon.lamyne.example', days(3));
    await put('ldap.lamyne.example', days(90));
    const ldapHosts = ['ldap.lamyne.example', 'new.lamyne.example'];
    await changeCommunity(
      { database: db.database, url: 'http://localhost:8080' },
      { slug: 'lamyne' },
      { ldapHosts },
    );
    const { out } = await doctor({ ...usual, TROUSSEAU_TLS_DIR: hosts });
    expect(out).toMatch(/^! the certificate in \S+\/soon\.lamyne\.example\.crt ends on /m);
    expect(out).toMatch(
      /^! LDAP of lamyne is known by new\.lamyne\.example, for which there is no certificate/m,
    );
    expect(out).not.toContain('ldap.lamyne.example');
    expect((await doctor({ TROUSSEAU_TLS_DIR: hosts })).out).toContain(
      'TROUSSEAU_TLS_DIR: needs TROUSSEAU_TLS_CERT and TROUSSEAU_TLS_KEY beside it',
    );
  });

  test('finds bases that are nobody’s alone, and ranges that come to their end', async () => {
    expect((await doctor()).out).toMatch(/^✓ every community has an LDAP base of its own$/m);
    const inner = await make.buildCommunity('dedans');
    await db.database.query(`UPDATE communities SET ldap_base = 'ou=x,o=LAMYNE' WHERE id = $1`, [
      inner,
    ]);
    const groupId = await make.buildGroup(inner, 'tous');
    await db.database.query('INSERT INTO posix_ranges VALUES ($1, 10000, 5, 10000)', [inner]);
    await db.database.query('UPDATE communities SET posix_primary_group_id = $2 WHERE id = $1', [
      inner,
      groupId,
    ]);
    const { out, code } = await doctor();
    expect(code).toBe(1);
    expect(out).toMatch(/^✗ the LDAP base ou=x,o=LAMYNE of dedans lies inside that of lamyne/m);
    expect(out).toMatch(/^! the POSIX range of dedans has 5 numbers left/m);
    await db.database.query(`UPDATE communities SET ldap_base = 'cn=operators' WHERE id = $1`, [
      inner,
    ]);
    expect((await doctor()).out).toMatch(/^✗ the LDAP base "cn=operators" of dedans must not be/m);
  });
});
