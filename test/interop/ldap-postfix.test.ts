import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  GROUPS,
  type LdapPlace,
  PEOPLE,
  startLdapPlace,
  withinASecond,
} from './support/ldap-place.ts';
import { runTool } from './support/openldap.ts';
import { makeWorkFolder, type WorkFolder } from './support/work-folder.ts';

/** Postfix's LDAP tables (Debian: postfix-ldap), asked as Postfix asks them. */
let folder: WorkFolder;
let place: LdapPlace;
beforeAll(async () => {
  folder = await makeWorkFolder('postfix');
  place = await startLdapPlace();
  await writeFile(join(folder.path, 'main.cf'), 'compatibility_level = 3.6\n');
  await table('mailboxes.cf', [
    `search_base = ${PEOPLE}`,
    'query_filter = (&(objectClass=inetOrgPerson)(mail=%s))',
    'result_attribute = uid',
  ]);
  await table('lists.cf', [
    `search_base = ${GROUPS}`,
    'domain = listes.lamyne.example',
    'query_filter = (&(objectClass=groupOfNames)(cn=%u))',
    'special_result_attribute = member',
    'leaf_result_attribute = mail',
  ]);
});
afterAll(async () => {
  await place?.stop();
  await folder?.remove();
});

async function table(name: string, lines: string[]): Promise<void> {
  const reader = [
    `server_host = ldap://127.0.0.1:${place.port}`,
    'version = 3',
    'bind = yes',
    `bind_dn = ${place.reader.dn}`,
    `bind_pw = ${place.reader.secret}`,
  ];
  const path = join(folder.path, name);
  await writeFile(path, [...reader, ...lines, ''].join('\n'));
  await chmod(path, 0o600);
}

/** What the table has for a key; undefined when it has nothing. */
async function lookUp(name: string, key: string): Promise<string[] | undefined> {
  const file = `ldap:${join(folder.path, name)}`;
  const { code, out, err } = await runTool('/usr/sbin/postmap', [
    '-c',
    folder.path,
    '-q',
    key,
    file,
  ]);
  expect(err).toBe('');
  return code === 0 ? out.trim().split(',').sort() : undefined;
}

it('knows the mailbox of an address, in whatever case it was written', async () => {
  expect(await lookUp('mailboxes.cf', 'alice@lamyne.example')).toEqual(['alice']);
  expect(await lookUp('mailboxes.cf', 'ALICE@lamyne.example')).toEqual(['alice']);
  expect(await lookUp('mailboxes.cf', 'zoe@lamyne.example')).toEqual(['zoé']);
  expect(await lookUp('mailboxes.cf', 'hugo@lamyne.example')).toBeUndefined();
  expect(await lookUp('mailboxes.cf', '*@lamyne.example')).toBeUndefined();
});

it('makes a list of a group: the addresses of whoever is in it or in a group inside it', async () => {
  expect(await lookUp('lists.cf', 'bureau@listes.lamyne.example')).toEqual([
    'alice@lamyne.example',
  ]);
  expect(await lookUp('lists.cf', 'membres@listes.lamyne.example')).toEqual([
    'alice@lamyne.example',
    'bob@lamyne.example',
    'zoe@lamyne.example',
  ]);
  expect(await lookUp('lists.cf', 'nobody@listes.lamyne.example')).toBeUndefined();
});

it('has no mailbox for a suspended member within a second, and no place in lists', async () => {
  await place.setStatus('bob', 'suspend');
  await withinASecond(
    async () => (await lookUp('mailboxes.cf', 'bob@lamyne.example')) === undefined,
  );
  expect(await lookUp('lists.cf', 'atelier@listes.lamyne.example')).toBeUndefined();
});
