import { expect, it } from 'vitest';
import { PASSWORD } from '../support/factories.ts';
import { useHub } from '../support/use-hub.ts';
import { boundReader, buildLieu, LDAP, ldapTo } from './support/directory.ts';
import { dnsOf } from './support/ldap-client.ts';

const hub = useHub({ env: LDAP });

it.each([
  ['dc=lamyne,dc=example', ['top', 'organization', 'dcObject'], { dc: ['lamyne'], o: ['La MYNE'] }],
  ['ou=Lieux,o=Réseau', ['top', 'organizationalUnit'], { ou: ['Lieux'] }],
  ['o=Les \\"Communs\\"\\, SCIC', ['top', 'organization'], { o: ['Les "Communs", SCIC'] }],
])('a community’s directory stands where it says: %s', async (base, objectClass, named) => {
  const lieu = await buildLieu(hub, { ldapBase: base, name: 'La MYNE' });
  const reader = await boundReader(hub, lieu);
  const top = await reader.search(
    base.toUpperCase().replace('RÉSEAU', 'réseau'),
    '(objectClass=*)',
    {
      scope: 'base',
    },
  );
  expect(top.entries[0]?.dn).toBe(base);
  expect(Object.fromEntries(top.entries[0]?.attributes ?? [])).toMatchObject({
    objectClass,
    ...named,
  });
  expect(dnsOf(await reader.search(base, '(uid=*)'))).toEqual([
    `uid=alice,ou=people,${base}`,
    `uid=bob,ou=people,${base}`,
  ]);
  const alice = await ldapTo(hub);
  expect((await alice.bind(`uid=alice,ou=people,${base}`, PASSWORD)).code).toBe(0);
  for (const client of [alice, reader]) client.close();
});

it('a community’s new base is where its directory is from then on', async () => {
  const lieu = await buildLieu(hub, { slug: 'nomade' });
  const reader = await boundReader(hub, lieu);
  await hub.database.query("UPDATE communities SET ldap_base = 'o=arrivee' WHERE id = $1", [
    lieu.community.id,
  ]);
  await hub.app.settle();
  expect((await reader.search('o=nomade', '(uid=*)')).code).toBe(32);
  expect(dnsOf(await reader.search('o=arrivee', '(uid=alice)'))).toEqual([
    'uid=alice,ou=people,o=arrivee',
  ]);
  reader.close();
});

it('what two communities call alike stays apart', async () => {
  const [here, there] = [
    await buildLieu(hub, { slug: 'ici' }),
    await buildLieu(hub, { slug: 'la-bas' }),
  ];
  await here.group('bureau', [here.alice]);
  await there.group('bureau', [there.bob]);
  const reader = await boundReader(hub, here);
  expect(
    dnsOf(await reader.search(here.base, `(memberOf=cn=bureau,ou=groups,${here.base})`)),
  ).toEqual([here.dnOf(here.alice)]);
  expect(
    dnsOf(await reader.search(here.base, `(memberOf=cn=bureau,ou=groups,${there.base})`)),
  ).toEqual([]);
  expect(dnsOf(await reader.search(here.base, `(entryUUID=${there.alice.subject})`))).toEqual([]);
  const other = await ldapTo(hub);
  expect((await other.bind(`cn=cloud,ou=services,${there.base}`, 'wrong')).code).toBe(49);
  for (const client of [reader, other]) client.close();
});
