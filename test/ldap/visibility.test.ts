import { afterAll, beforeAll, expect, it } from 'vitest';
import { decideAccess } from '../support/belongings.ts';
import { buildService } from '../support/factories.ts';
import { nestGroup } from '../support/nest-group.ts';
import { boundReader, buildReader, useLieu } from './support/directory.ts';
import { dnsOf, type LdapClient } from './support/ldap-client.ts';

/** A service that lets in Alice, and not Bob: nothing that its reader asks tells of Bob. */
const { hub, lieu } = useLieu();
let reader: LdapClient;
let both: { id: string; dn: string };
let bobs: { id: string; dn: string };
beforeAll(async () => {
  both = await lieu.group('membres', [lieu.alice, lieu.bob]);
  bobs = await lieu.group('bricole', [lieu.bob]);
  const { id } = await lieu.group('cercle', []);
  for (const child of [both, bobs]) {
    const nesting = { parentId: id, childId: child.id };
    await hub.database.transaction((tx) => nestGroup(tx, lieu.community.id, nesting, 'cli'));
  }
  await hub.database.query(
    `UPDATE communities SET posix_primary_group_id = (SELECT id FROM groups WHERE name = 'cercle')`,
  );
  await hub.database.query('UPDATE groups SET gid_number = 3000 + ascii(name)');
  const chat = await buildService(hub, lieu.community, { slug: 'chat', access: 'approval' });
  await buildReader(hub.database, lieu.community.id, chat.id);
  const alices = { serviceId: chat.id, subject: lieu.alice.subject };
  await decideAccess(hub.database, lieu.community.id, alices);
  await hub.app.settle();
  const readerDn = `cn=chat,ou=services,${lieu.base}`;
  reader = await boundReader(hub, { ...lieu, cloud: { id: chat.id, readerDn } });
});
afterAll(() => reader?.close());

it('a group shows the members who are seen, under each of its attributes', async () => {
  const { entries } = await reader.search(both.dn, '(objectClass=*)', { scope: 'base' });
  const { attributes } = entries[0] ?? { attributes: new Map() };
  const alice = lieu.dnOf(lieu.alice);
  expect(attributes.get('member')).toEqual([alice]);
  expect(attributes.get('uniqueMember')).toEqual([alice]);
  expect(attributes.get('memberUid')).toEqual(['alice']);
});

it('a group in which nobody is seen is not there, by whatever way it is asked for', async () => {
  const groups = await reader.search(`ou=groups,${lieu.base}`, '(objectClass=groupOfNames)');
  expect(dnsOf(groups)).not.toContain(bobs.dn);
  const base = await reader.search(bobs.dn, '(objectClass=*)', { scope: 'base' });
  expect([base.code, base.matchedDn]).toEqual([32, `ou=groups,${lieu.base}`]);
  const below = await reader.search(`cn=x,${bobs.dn}`, '(objectClass=*)', { scope: 'base' });
  expect([below.code, below.matchedDn]).toEqual([32, `ou=groups,${lieu.base}`]);
  const outer = await reader.search(`cn=cercle,ou=groups,${lieu.base}`, '(objectClass=*)', {
    scope: 'base',
  });
  expect(outer.entries[0]?.attributes.get('member')).toEqual([both.dn]);
});

it.each(['member', 'uniqueMember', 'member:1.2.840.113556.1.4.1941:'])(
  'no filter by %s tells where somebody is who is not seen',
  async (attribute) => {
    for (const dn of [lieu.dnOf(lieu.bob), bobs.dn]) {
      expect(dnsOf(await reader.search(lieu.base, `(${attribute}=${dn})`))).toEqual([]);
    }
    const seen = await reader.search(lieu.base, `(${attribute}=${lieu.dnOf(lieu.alice)})`);
    expect(dnsOf(seen)).toContain(both.dn);
  },
);

it('neither does a filter by memberUid, nor a comparison', async () => {
  expect(dnsOf(await reader.search(lieu.base, '(memberUid=bob)'))).toEqual([]);
  expect(dnsOf(await reader.search(lieu.base, '(memberUid=alice)'))).toEqual([both.dn]);
  const compared = await reader.compare(both.dn, 'member', lieu.dnOf(lieu.bob));
  expect(compared.code).toBe(5);
  const hidden = await reader.compare(lieu.dnOf(lieu.bob), 'uid', 'bob');
  const missing = await reader.compare(`uid=nobody,ou=people,${lieu.base}`, 'uid', 'bob');
  expect([hidden.code, hidden.matchedDn, hidden.message]).toEqual([
    missing.code,
    missing.matchedDn,
    missing.message,
  ]);
});

it('other services’ readers are not there', async () => {
  const answer = await reader.search(lieu.base, '(objectClass=applicationProcess)');
  expect(dnsOf(answer)).toEqual([`cn=chat,ou=services,${lieu.base}`]);
});
