import { beforeAll, expect, it } from 'vitest';
import { useLieu, useReader } from './support/directory.ts';
import { dnsOf } from './support/ldap-client.ts';

const { hub, lieu } = useLieu();
const reader = useReader(hub, lieu);
beforeAll(async () => {
  const members = await lieu.group('membres', []);
  const bureau = await lieu.group('bureau', [lieu.alice]);
  await hub.database.query('UPDATE groups SET gid_number = 20000 WHERE id = $1', [members.id]);
  await hub.database.query('UPDATE groups SET gid_number = 20001 WHERE id = $1', [bureau.id]);
  await hub.database.query('UPDATE memberships SET uid_number = 20002 WHERE subject = $1', [
    lieu.alice.subject,
  ]);
  await hub.app.settle();
});

const entry = async (filter: string) => {
  const { entries } = await reader.search(lieu.base, filter);
  return Object.fromEntries(entries[0]?.attributes ?? []);
};

it('without POSIX there are no posixAccounts, whatever numbers are stored (row 7)', async () => {
  expect((await reader.search(lieu.base, '(|(uidNumber=*)(gidNumber=*))')).entries).toEqual([]);
  expect(await entry('(uid=alice)')).not.toHaveProperty('homeDirectory');
});

it('with it, numbered people are posixAccounts and numbered groups posixGroups (row 7)', async () => {
  await hub.database.query(
    `UPDATE communities SET posix_home = '/srv/home/{username}', posix_shell = '/bin/zsh',
       posix_primary_group_id = (SELECT id FROM groups WHERE name = 'membres') WHERE id = $1`,
    [lieu.community.id],
  );
  await hub.app.settle();
  expect(await entry('(&(objectClass=posixAccount)(uid=alice))')).toMatchObject({
    objectClass: expect.arrayContaining(['inetOrgPerson', 'posixAccount']),
    uidNumber: ['20002'],
    gidNumber: ['20000'],
    homeDirectory: ['/srv/home/alice'],
    loginShell: ['/bin/zsh'],
  });
  expect(await entry('(&(objectClass=posixGroup)(gidNumber=20001))')).toMatchObject({
    cn: ['bureau'],
    memberUid: ['alice'],
    member: [lieu.dnOf(lieu.alice)],
  });
  // Whoever resolves a person's primary group finds it, even with nobody listed in it.
  expect(
    dnsOf(await reader.search(lieu.base, '(&(objectClass=posixGroup)(gidNumber=20000))')),
  ).toEqual([`cn=membres,ou=groups,${lieu.base}`]);
  expect(dnsOf(await reader.search(lieu.base, '(uidNumber=20002)'))).toEqual([
    lieu.dnOf(lieu.alice),
  ]);
  expect(dnsOf(await reader.search(lieu.base, '(uidNumber>=20000)'))).toEqual([
    lieu.dnOf(lieu.alice),
  ]);
  expect(dnsOf(await reader.search(lieu.base, '(objectClass=posixAccount)'))).toEqual([
    lieu.dnOf(lieu.alice),
  ]);
});
