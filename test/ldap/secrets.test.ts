import { beforeAll, expect, it } from 'vitest';
import { createAppPassword } from '../../src/domain/app-passwords/app-password.ts';
import { PASSWORD } from '../support/factories.ts';
import { boundReader, ldapTo, READER_PASSWORD, useLieu } from './support/directory.ts';
import { element } from './support/encode-request.ts';

const WRONG = 'a wrong password that must not be kept';
const NEW = 'a new password that must not be kept';

let logged = '';
const { hub, lieu } = useLieu(
  { slug: 'lamyne', ldapOpenToOperators: true },
  {
    env: { LOG_LEVEL: 'trace' },
    log: (line) => {
      logged += line;
    },
  },
);
let appSecret: string;
beforeAll(async () => {
  const place = { subject: lieu.bob.subject, serviceId: lieu.cloud.id, name: 'téléphone' };
  const made = await hub.database.transaction((tx) =>
    createAppPassword(tx, lieu.community.id, place, 'cli'),
  );
  appSecret = made.secret;
  await hub.app.settle();
});

it('no secret that was typed, right or wrong, is in the log, the audit trail or the database', async () => {
  const client = await ldapTo(hub);
  await client.bind(lieu.dnOf(lieu.bob), appSecret);
  await client.bind(lieu.dnOf(lieu.alice), WRONG);
  await client.bind('cn=nothing', WRONG);
  await client.bind(lieu.cloud.readerDn, READER_PASSWORD);
  await client.bind(lieu.dnOf(lieu.alice), PASSWORD);
  const value = element(0x30, element(0x81, PASSWORD), element(0x82, NEW));
  expect((await client.extended('1.3.6.1.4.1.4203.1.11.1', value)).code).toBe(0);
  client.send(Buffer.from(`this is not LDAP: ${WRONG}`));
  await client.closed;
  const tables = await hub.database.query<{ name: string }>(
    "SELECT quote_ident(tablename) AS name FROM pg_tables WHERE schemaname = 'public'",
  );
  let stored = '';
  for (const { name } of tables) {
    stored += JSON.stringify(await hub.database.query(`SELECT to_jsonb(t) AS row FROM ${name} t`));
  }
  for (const secret of [WRONG, NEW, PASSWORD, READER_PASSWORD, appSecret]) {
    for (const form of [
      secret,
      Buffer.from(secret).toString('hex'),
      Buffer.from(secret).toString('base64'),
    ]) {
      expect(stored.includes(form), form).toBe(false);
      expect(logged.includes(form), form).toBe(false);
    }
  }
});

it('no hash of a password is an attribute of anything (row 30)', async () => {
  const reader = await boundReader(hub, lieu);
  const answer = await reader.search(lieu.base, '(objectClass=*)', {
    attributes: ['*', '+', 'userPassword'],
  });
  const text = JSON.stringify(answer.entries.map(({ attributes }) => [...attributes]));
  expect(text).not.toMatch(/argon2|userPassword/i);
  expect((await reader.search(lieu.base, '(userPassword=*)')).entries).toEqual([]);
  expect((await reader.search(lieu.base, '(userPassword=$argon2id*)')).entries).toEqual([]);
  reader.close();
});
