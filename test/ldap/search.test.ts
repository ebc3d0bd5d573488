import { beforeAll, describe, expect, it } from 'vitest';
import { buildCommunity, buildMember } from '../support/factories.ts';
import { nestGroup } from '../support/nest-group.ts';
import { boundReader, ldapTo, useLieu, useReader } from './support/directory.ts';
import { dnsOf } from './support/ldap-client.ts';

const { hub, lieu } = useLieu();
const reader = useReader(hub, lieu);
let bureau: { id: string; dn: string };

beforeAll(async () => {
  bureau = await lieu.group('Bureau', [lieu.alice]);
  const { id } = await buildMember(hub.database, lieu.community.id, {
    username: 'élodie',
    displayName: 'Élodie Dupont, dite « Lo »',
    locale: 'fr',
  }).then(({ subject }) => ({ id: subject }));
  expect(id).toBeDefined();
  await hub.app.settle();
});

const one = async (filter: string, attributes: string[] = []) => {
  const answer = await reader.search(lieu.base, filter, { attributes });
  expect(answer.code).toBe(0);
  expect(answer.entries).toHaveLength(1);
  return answer.entries[0] as (typeof answer.entries)[number];
};
const people = (filter: string) =>
  reader.search(`ou=people,${lieu.base}`, filter, { attributes: ['uid'] }).then((answer) => {
    expect(answer.code).toBe(0);
    return answer.entries
      .map(({ attributes }) => attributes.get('uid')?.[0])
      .filter(Boolean)
      .sort();
  });

describe('the root DSE (row 4)', () => {
  it('tells anybody what the server can do, before any bind', async () => {
    const client = await ldapTo(hub);
    const answer = await client.search('', '(objectClass=*)', {
      scope: 'base',
      attributes: ['*', '+'],
    });
    const { attributes } = answer.entries[0] ?? { attributes: new Map() };
    expect(attributes.get('namingContexts')).toEqual(['o=lamyne']);
    expect(attributes.get('defaultNamingContext')).toEqual(['o=lamyne']);
    expect(attributes.get('supportedLDAPVersion')).toEqual(['3']);
    expect(attributes.get('supportedControl')).toEqual(['1.2.840.113556.1.4.319']);
    expect(attributes.get('supportedExtension')).toEqual([
      '1.3.6.1.4.1.4203.1.11.3',
      '1.3.6.1.4.1.4203.1.11.1',
    ]);
    expect(attributes.get('supportedFeatures')).toContain('1.3.6.1.4.1.4203.1.5.1');
    expect(attributes.get('subschemaSubentry')).toEqual(['cn=subschema']);
    expect(attributes.get('vendorName')).toEqual(['Trousseau']);
    expect(attributes.get('objectClass')).toEqual(['top']);
    client.close();
  });

  it('answers any filter that matches it, and no other', async () => {
    const client = await ldapTo(hub);
    const count = async (filter: string) =>
      (await client.search('', filter, { scope: 'base' })).entries.length;
    expect(await count('(supportedLDAPVersion=3)')).toBe(1);
    expect(await count('(&(objectClass=top)(namingContexts=O=LaMyne))')).toBe(1);
    expect(await count('(supportedLDAPVersion=2)')).toBe(0);
    client.close();
  });

  it('gives its operational attributes only to who asks for them', async () => {
    const client = await ldapTo(hub);
    const { entries } = await client.search('', '(objectClass=*)', { scope: 'base' });
    expect([...(entries[0]?.attributes.keys() ?? [])]).toEqual(['objectClass']);
    client.close();
  });
});

describe('the subschema (row 5)', () => {
  it('is read by anybody at the name that each entry tells', async () => {
    const { attributes } = await one('(uid=alice)', ['subschemaSubentry']);
    const client = await ldapTo(hub);
    const answer = await client.search(
      attributes.get('subschemaSubentry')?.[0] ?? '',
      '(objectClass=subschema)',
      { scope: 'base', attributes: ['objectClasses', 'attributeTypes', 'ldapSyntaxes'] },
    );
    const subschema = answer.entries[0]?.attributes;
    expect(subschema?.get('objectClasses')?.join('\n')).toContain("NAME 'inetOrgPerson'");
    expect(subschema?.get('attributeTypes')?.join('\n')).toContain("NAME 'memberOf'");
    expect(subschema?.get('ldapSyntaxes')?.length).toBeGreaterThan(5);
    client.close();
  });

  it('allows what each entry has: every class known, every required attribute there', async () => {
    const { entries } = await reader.search(lieu.base, '(objectClass=*)');
    const schema = await reader.search('cn=subschema', '(objectClass=*)', {
      scope: 'base',
      attributes: ['objectClasses'],
    });
    const texts = schema.entries[0]?.attributes.get('objectClasses') ?? [];
    const list = (text: string, key: string) =>
      (new RegExp(`${key} (?:\\(([^)]+)\\)|(\\S+))`).exec(text)?.slice(1).find(Boolean) ?? '')
        .split('$')
        .map((name) => name.trim())
        .filter(Boolean);
    const classes = new Map(
      texts.map((text) => [
        /NAME '([^']+)'/.exec(text)?.[1],
        { must: list(text, 'MUST'), may: list(text, 'MAY') },
      ]),
    );
    for (const { dn, attributes } of entries) {
      const own = (attributes.get('objectClass') ?? []).map((name) => classes.get(name));
      expect(own, dn).not.toContain(undefined);
      for (const must of own.flatMap((each) => each?.must ?? []))
        expect(attributes.has(must), `${dn} has ${must}`).toBe(true);
      const allowed = own.flatMap((each) => [...(each?.must ?? []), ...(each?.may ?? [])]);
      for (const name of attributes.keys()) expect(allowed, dn).toContain(name);
    }
  });
});

describe('entries', () => {
  it('people, groups, services and their containers are entries as clients know them (row 7)', async () => {
    const { entries } = await reader.search(lieu.base, '(objectClass=*)', {
      attributes: ['objectClass'],
    });
    const classesOf = Object.fromEntries(
      entries.map(({ dn, attributes }) => [dn, attributes.get('objectClass')]),
    );
    expect(classesOf).toEqual({
      'o=lamyne': ['top', 'organization'],
      'ou=people,o=lamyne': ['top', 'organizationalUnit'],
      'ou=groups,o=lamyne': ['top', 'organizationalUnit'],
      'ou=services,o=lamyne': ['top', 'organizationalUnit'],
      'cn=cloud,ou=services,o=lamyne': ['top', 'applicationProcess'],
      'uid=alice,ou=people,o=lamyne': PERSON,
      'uid=bob,ou=people,o=lamyne': PERSON,
      'uid=élodie,ou=people,o=lamyne': PERSON,
      'cn=Bureau,ou=groups,o=lamyne': ['top', 'groupOfNames', 'groupOfUniqueNames'],
    });
  });
  const PERSON = ['top', 'person', 'organizationalPerson', 'inetOrgPerson'];

  it('a person shows what apps read, in the schema’s spelling (row 15)', async () => {
    const { dn, attributes } = await one('(uid=alice)', [
      'UID',
      'DISPLAYNAME',
      'Mail',
      'memberof',
      'sn',
    ]);
    expect(dn).toBe('uid=alice,ou=people,o=lamyne');
    expect(Object.fromEntries(attributes)).toEqual({
      uid: ['alice'],
      displayName: ['Alice Martin'],
      mail: [lieu.alice.email],
      memberOf: ['cn=Bureau,ou=groups,o=lamyne'],
      sn: ['Martin'],
    });
  });

  it('a group has its members under both names (row 7)', async () => {
    const { attributes } = await one('(cn=bureau)');
    expect(attributes.get('member')).toEqual(['uid=alice,ou=people,o=lamyne']);
    expect(attributes.get('uniqueMember')).toEqual(['uid=alice,ou=people,o=lamyne']);
  });

  it('the entryUUID is the subject, and finds the person again (row 10)', async () => {
    const { attributes } = await one('(uid=alice)', ['entryUUID']);
    expect(attributes.get('entryUUID')).toEqual([lieu.alice.subject]);
    expect((await one(`(entryUUID=${lieu.alice.subject.toUpperCase()})`)).dn).toBe(
      'uid=alice,ou=people,o=lamyne',
    );
    expect((await one(`(entryUUID=${bureau.id})`)).dn).toBe('cn=Bureau,ou=groups,o=lamyne');
  });

  it('times are Generalized Times, and can be asked for by order (row 6)', async () => {
    const { attributes } = await one('(uid=alice)', ['createTimestamp', 'modifyTimestamp']);
    expect(attributes.get('createTimestamp')?.[0]).toMatch(/^20\d{12}Z$/);
    expect(attributes.get('modifyTimestamp')?.[0]).toMatch(/^20\d{12}Z$/);
    expect(await people('(modifyTimestamp>=20200101000000Z)')).toEqual(['alice', 'bob', 'élodie']);
    expect(await people('(createTimestamp<=20200101000000Z)')).toEqual([]);
  });

  it('modifyTimestamp moves when somebody’s groups change; there is no USN (row 11)', async () => {
    await hub.database.query(
      "UPDATE memberships SET updated_at = '2020-01-01' WHERE subject = $1",
      [lieu.bob.subject],
    );
    await hub.app.settle();
    const { addToGroup } = await import('../support/add-to-group.ts');
    const place = { groupId: bureau.id, subject: lieu.bob.subject };
    await hub.database.transaction((tx) => addToGroup(tx, lieu.community.id, place, 'cli'));
    await hub.app.settle();
    const { attributes } = await one('(uid=bob)', [
      'modifyTimestamp',
      'memberOf',
      'entryUSN',
      'lastUSN',
    ]);
    expect(attributes.get('modifyTimestamp')?.[0]?.startsWith('2020')).toBe(false);
    expect([...attributes.keys()].sort()).toEqual(['memberOf', 'modifyTimestamp']);
    await hub.database.query('DELETE FROM group_members WHERE subject = $1', [lieu.bob.subject]);
    await hub.app.settle();
  });
});

describe('attribute selection (row 15)', () => {
  const keys = async (attributes: string[]) => [
    ...(await one('(uid=bob)', attributes)).attributes.keys(),
  ];

  it('* gives the user attributes, + the operational ones, 1.1 none', async () => {
    const user = await keys(['*']);
    expect(user).toContain('mail');
    expect(user).not.toContain('entryUUID');
    expect(await keys([])).toEqual(user);
    expect(await keys(['+'])).toEqual(
      expect.arrayContaining([
        'entryUUID',
        'entryDN',
        'subschemaSubentry',
        'structuralObjectClass',
      ]),
    );
    expect(await keys(['+'])).not.toContain('mail');
    expect(await keys(['1.1'])).toEqual([]);
    expect(await keys(['*', '+'])).toEqual([...user, ...(await keys(['+']))]);
  });

  it('an empty name is passed over, alone or among others', async () => {
    expect(await keys([''])).toEqual([]);
    expect(await keys(['', 'uid'])).toEqual(['uid']);
  });

  it('unknown names, options and the password give nothing', async () => {
    expect(await keys(['nosuch', 'uid;lang-fr', 'userPassword', 'uid'])).toEqual(['uid']);
  });

  it('a type asks for the types below it', async () => {
    expect(await keys(['name'])).toEqual(['cn', 'sn']);
  });

  it('typesOnly leaves the values out', async () => {
    const answer = await reader.search(lieu.base, '(uid=bob)', {
      typesOnly: true,
      attributes: ['uid', 'mail'],
    });
    expect(Object.fromEntries(answer.entries[0]?.attributes ?? [])).toEqual({ uid: [], mail: [] });
  });
});

describe('names and scopes', () => {
  it.each([
    ['base', lieuBase(), ['o=lamyne']],
    ['one', lieuBase(), ['ou=groups,o=lamyne', 'ou=people,o=lamyne', 'ou=services,o=lamyne']],
    ['one', `ou=groups,${lieuBase()}`, ['cn=Bureau,ou=groups,o=lamyne']],
    ['sub', `OU=Groups, ${lieuBase()}`, ['cn=Bureau,ou=groups,o=lamyne', 'ou=groups,o=lamyne']],
    ['children', `ou=groups,${lieuBase()}`, ['cn=Bureau,ou=groups,o=lamyne']],
    ['sub', `UID=ALICE,ou=people,${lieuBase()}`, ['uid=alice,ou=people,o=lamyne']],
    ['one', `uid=alice,ou=people,${lieuBase()}`, []],
  ] as const)('%s of %s', async (scope, base, expected) => {
    const answer = await reader.search(base, '(objectClass=*)', { scope });
    expect(answer.code).toBe(0);
    expect(dnsOf(answer)).toEqual(expected);
  });
  function lieuBase() {
    return 'o=lamyne';
  }

  it('what is not there is noSuchObject with the lowest entry above it (row 15)', async () => {
    for (const [base, above] of [
      ['uid=nobody,ou=people,o=lamyne', 'ou=people,o=lamyne'],
      ['cn=alice,ou=people,o=lamyne', 'ou=people,o=lamyne'],
      ['ou=nowhere,o=lamyne', 'o=lamyne'],
      ['cn=a,uid=alice,ou=people,o=lamyne', 'uid=alice,ou=people,o=lamyne'],
      ['o=nowhere', ''],
    ] as const) {
      const { code, matchedDn } = await reader.search(base, '(objectClass=*)', { scope: 'base' });
      expect([base, code, matchedDn]).toEqual([base, 32, above]);
    }
  });

  it('a base that is no name is invalidDNSyntax', async () => {
    expect((await reader.search('people', '(objectClass=*)')).code).toBe(34);
  });

  it('values that need escapes come escaped, and are found however they are spelled (row 13)', async () => {
    const odd = await lieu.group('Accueil, bar+jardin "rez"', [lieu.bob]);
    expect(odd.id).toBeDefined();
    const { dn } = await one('(cn=accueil, bar+jardin "rez")');
    expect(dn).toBe('cn=Accueil\\, bar\\+jardin \\"rez\\",ou=groups,o=lamyne');
    for (const spelled of [
      dn,
      'CN=accueil\\2c bar\\2bjardin \\22rez\\22 , OU=groups,O=lamyne',
      'cn="Accueil, bar+jardin \\"rez\\"",ou=groups,o=lamyne',
    ]) {
      expect((await reader.search(spelled, '(objectClass=*)', { scope: 'base' })).code).toBe(0);
      expect(await people(`(memberOf=${spelled.replaceAll('\\', '\\5c')})`)).toEqual(['bob']);
    }
  });

  it('DN-valued assertions may come with unescaped commas (row 13)', async () => {
    await lieu.group('Doe, Jane', [lieu.bob]);
    expect(await people('(memberOf=cn=Doe, Jane,ou=groups,o=lamyne)')).toEqual(['bob']);
  });
});

describe('filters (rows 9, 12, 14)', () => {
  it.each([
    ['(uid=ALICE)', ['alice']],
    ['(UID=alice)', ['alice']],
    ['(userid=alice)', ['alice']],
    ['(0.9.2342.19200300.100.1.1=alice)', ['alice']],
    ['(uid=ÉLODIE)', ['élodie']],
    ['(uid=e\\cc\\81lodie)', ['élodie']],
    ['(cn=alice  MARTIN)', ['alice']],
    ['(cn~=alice martin)', ['alice']],
    ['(name=martin)', ['alice']],
    ['(displayName=*martin)', ['alice']],
    ['(displayName=AL*ce*MAR*)', ['alice']],
    ['(displayName=Alice*Alice*)', []],
    ['(displayName=*« lo »)', ['élodie']],
    ['(mail=*)', ['alice', 'bob', 'élodie']],
    ['(givenName=*)', ['alice']],
    ['(!(givenName=*))', ['bob', 'élodie']],
    ['(&)', ['alice', 'bob', 'élodie']],
    ['(|)', []],
    ['(nosuch=x)', []],
    ['(!(nosuch=x))', []],
    ['(|(nosuch=x)(uid=bob))', ['bob']],
    ['(&(!(nosuch=x))(uid=bob))', []],
    ['(!(&(uid=bob)(nosuch=x)))', ['alice', 'élodie']],
    ['(uidNumber=abc)', []],
    ['(!(entryUUID=abc))', []],
    ['(objectClass=INETORGPERSON)', ['alice', 'bob', 'élodie']],
    ['(objectClass=2.16.840.1.113730.3.2.2)', ['alice', 'bob', 'élodie']],
    ['(objectClass=nosuch)', []],
    ['(&(objectClass=inetOrgPerson)(|(uid=bob)(mail=alice@lieu.example)))', ['alice', 'bob']],
    ['(uid:caseExactMatch:=ALICE)', []],
    ['(uid:caseExactMatch:=alice)', ['alice']],
    ['(uid:2.5.13.2:=ALICE)', ['alice']],
    ['(:caseIgnoreMatch:=bob)', ['bob']],
    ['(:nosuchMatch:=bob)', []],
    ['(!(:nosuchMatch:=bob))', []],
    ['(ou:dn:=people)', ['alice', 'bob', 'élodie']],
    ['(uid:caseIgnoreSubstringsMatch:=al*e)', ['alice']],
    ['(preferredLanguage=fr)', ['élodie']],
    ['(uid=\\61lice)', ['alice']],
    ['(uid=*\\2a*)', []],
    ['(entryDN=UID=Bob, ou=people, o=LAMYNE)', ['bob']],
    ['(userPassword=*)', []],
  ])('%s', async (filter, expected) => {
    expect(await people(filter)).toEqual(expected);
  });

  it('memberOf is compared as a name, and an unknown group is a fast, empty result (row 9)', async () => {
    expect(await people('(memberOf=CN=bureau , OU=Groups,o=LaMyne)')).toEqual(['alice']);
    expect(await people('(memberOf=cn=nosuch,ou=groups,o=lamyne)')).toEqual([]);
    expect(await people('(memberOf=cn=Bureau,ou=groups,o=elsewhere)')).toEqual([]);
    expect(await people('(memberOf=not a name)')).toEqual([]);
    const groups = await reader.search(lieu.base, `(member=${lieu.dnOf(lieu.alice)})`);
    expect(dnsOf(groups)).toEqual(['cn=Bureau,ou=groups,o=lamyne']);
  });

  it('nested groups: memberOf tells all, member the direct ones, the chain rule any depth (row 14)', async () => {
    const inner = await lieu.group('tresoriers', [lieu.bob]);
    const outer = await lieu.group('conseil', []);
    const nesting = { parentId: outer.id, childId: inner.id };
    await hub.database.transaction((tx) => nestGroup(tx, lieu.community.id, nesting, 'cli'));
    await hub.app.settle();
    expect(await people(`(memberOf=${outer.dn})`)).toEqual(['bob']);
    expect(await people(`(memberOf:1.2.840.113556.1.4.1941:=${outer.dn})`)).toEqual(['bob']);
    const groups = async (filter: string) =>
      dnsOf(await reader.search(`ou=groups,${lieu.base}`, filter));
    const bob = lieu.dnOf(lieu.bob);
    expect(await groups(`(member=${bob})`)).not.toContain(outer.dn);
    expect(await groups(`(member:1.2.840.113556.1.4.1941:=${bob})`)).toContain(outer.dn);
    expect(await groups(`(member=${inner.dn})`)).toEqual([outer.dn]);
    const { attributes } = await one('(cn=conseil)', ['member']);
    expect(attributes.get('member')).toEqual([inner.dn]);
  });
});

describe('limits and pages', () => {
  it('a size limit gives that many entries and says so (row 16)', async () => {
    const answer = await reader.search(`ou=people,${lieu.base}`, '(uid=*)', { sizeLimit: 2 });
    expect([answer.code, answer.entries.length]).toEqual([4, 2]);
    const all = await reader.search(`ou=people,${lieu.base}`, '(uid=*)', { sizeLimit: 3 });
    expect([all.code, all.entries.length]).toEqual([0, 3]);
  });

  it('pages follow each other to the end, critical or not (row 17)', async () => {
    for (const critical of [true, false]) {
      const seen: string[] = [];
      let cookie: Buffer = Buffer.alloc(0);
      for (let page = 0; page < 20; page += 1) {
        const answer = await paged(2, cookie, critical);
        expect(answer.code).toBe(0);
        expect(answer.entries.length).toBeLessThanOrEqual(2);
        seen.push(...dnsOf(answer));
        cookie = cookieOf(answer);
        if (cookie.length === 0) break;
      }
      const whole = await reader.search(lieu.base, '(objectClass=*)');
      expect(seen.sort()).toEqual(dnsOf(whole));
      expect(whole.controls).toEqual([]);
    }
  });

  it('the last page has an empty cookie, even where it is full (row 17)', async () => {
    const all = await reader.search(lieu.base, '(objectClass=*)');
    const answer = await paged(all.entries.length, Buffer.alloc(0), true);
    expect(answer.entries).toHaveLength(all.entries.length);
    expect(cookieOf(answer)).toHaveLength(0);
  });

  it('a cookie is good once, for its search, on its connection (row 17)', async () => {
    const cookie = cookieOf(await paged(1, Buffer.alloc(0), true));
    const other = await boundReader(hub, lieu);
    expect((await paged(1, cookie, true, '(objectClass=*)', other)).code).toBe(53);
    other.close();
    expect((await paged(1, cookie, true)).code).toBe(0);
    expect((await paged(1, cookie, true)).code).toBe(53);
    const another = cookieOf(await paged(1, Buffer.alloc(0), true));
    expect((await paged(1, another, true, '(uid=*)')).code).toBe(53);
    expect((await paged(1, Buffer.from('made up'), true)).code).toBe(53);
  });

  it('a page size of 0 gives a paged search up (row 17)', async () => {
    const cookie = cookieOf(await paged(1, Buffer.alloc(0), true));
    const end = await paged(0, cookie, true);
    expect([end.code, end.entries.length, cookieOf(end).length]).toEqual([0, 0, 0]);
    expect((await paged(1, cookie, true)).code).toBe(53);
  });

  it('whoever joins or leaves between two pages costs nobody else their place (row 17)', async () => {
    const first = await paged(3, Buffer.alloc(0), true, '(uid=*)');
    const gone = first.entries[0]?.attributes.get('uid')?.[0];
    await hub.database.query(
      "UPDATE memberships SET status = 'suspended' WHERE community_id = $1 AND username = $2",
      [lieu.community.id, gone],
    );
    const extra = await Promise.all(
      Array.from({ length: 5 }, () => buildMember(hub.database, lieu.community.id)),
    );
    await hub.app.settle();
    const seen = first.entries.map(({ dn }) => dn);
    for (let cookie = cookieOf(first); cookie.length > 0; ) {
      const answer = await paged(3, cookie, true, '(uid=*)');
      seen.push(...answer.entries.map(({ dn }) => dn));
      cookie = cookieOf(answer);
    }
    expect(new Set(seen).size).toBe(seen.length);
    for (const { username } of [lieu.alice, lieu.bob]) {
      expect(seen).toContain(`uid=${username},ou=people,${lieu.base}`);
    }
    await hub.database.query("UPDATE memberships SET status = 'active' WHERE username = $1", [
      gone,
    ]);
    const subjects = extra.map(({ subject }) => subject);
    await hub.database.query('DELETE FROM events WHERE subject = ANY($1)', [subjects]);
    await hub.database.query('DELETE FROM memberships WHERE subject = ANY($1)', [subjects]);
    await hub.app.settle();
  });

  it('sorting and virtual list views are unknown: refused where critical, passed over otherwise (row 18)', async () => {
    for (const oid of ['1.2.840.113556.1.4.473', '2.16.840.1.113730.3.4.9']) {
      const ask = (critical: boolean) =>
        reader.search(lieu.base, '(uid=bob)', { controls: [{ oid, critical, value: undefined }] });
      expect((await ask(true)).code).toBe(12);
      expect((await ask(false)).code).toBe(0);
    }
  });
});

describe('compare (row 28)', () => {
  it('follows the attribute’s matching rule', async () => {
    const alice = lieu.dnOf(lieu.alice);
    const code = async (attribute: string, value: string, entry = alice) =>
      (await reader.compare(entry, attribute, value)).code;
    expect(await code('uid', 'ALICE')).toBe(6);
    expect(await code('uid', 'bob')).toBe(5);
    expect(await code('memberOf', 'CN=bureau, ou=groups,o=lamyne')).toBe(6);
    expect(await code('objectClass', 'Person')).toBe(6);
    expect(await code('member', alice.toUpperCase(), bureau.dn)).toBe(6);
    expect(await code('member', lieu.dnOf(lieu.bob), bureau.dn)).toBe(5);
    expect(await code('telephoneNumber', '1')).toBe(16);
    expect(await code('userPassword', 'x')).toBe(16);
    expect(await code('nosuch', '1')).toBe(17);
    expect(await code('entryUUID', 'not one')).toBe(21);
    expect(await code('uid', 'x', 'uid=nobody,ou=people,o=lamyne')).toBe(32);
    expect(await code('vendorName', 'Trousseau', '')).toBe(6);
  });
});

describe('what is refused (row 30)', () => {
  it('anonymous reads the root DSE and the subschema, and nothing else', async () => {
    const client = await ldapTo(hub);
    for (const scope of ['base', 'one', 'sub'] as const) {
      const answer = await client.search(lieu.base, '(objectClass=*)', { scope });
      expect([answer.code, answer.entries]).toEqual([50, []]);
    }
    expect((await client.search('', '(objectClass=*)', { scope: 'sub' })).code).toBe(32);
    expect((await client.compare(lieu.dnOf(lieu.alice), 'uid', 'alice')).code).toBe(50);
    client.close();
  });

  it('writes are unwillingToPerform, each with the response of its request', async () => {
    const expected = { modify: 0x67, add: 0x69, del: 0x6b, modifyDn: 0x6d } as const;
    for (const [kind, tag] of Object.entries(expected)) {
      const answer = await reader.request({ kind: kind as keyof typeof expected });
      expect([kind, answer.code, answer.tag]).toEqual([kind, 53, tag]);
    }
  });

  it('another community’s names lead nowhere', async () => {
    const other = await buildCommunity(hub.database, { slug: 'autre' });
    await buildMember(hub.database, other.id, { username: 'eve' });
    await hub.app.settle();
    for (const base of ['o=autre', 'ou=people,o=autre', 'uid=eve,ou=people,o=autre']) {
      const answer = await reader.search(base, '(objectClass=*)');
      expect([base, answer.code, answer.entries]).toEqual([base, 32, []]);
    }
    expect((await reader.compare('uid=eve,ou=people,o=autre', 'uid', 'eve')).code).toBe(32);
  });
});

function paged(
  size: number,
  cookie: Buffer,
  critical: boolean,
  filter = '(objectClass=*)',
  client = reader,
) {
  const inner = Buffer.concat([Buffer.from([2, 1, size, 4, cookie.length]), cookie]);
  const value = Buffer.concat([Buffer.from([0x30, inner.length]), inner]);
  return client.search(lieu.base, filter, {
    controls: [{ oid: '1.2.840.113556.1.4.319', critical, value }],
  });
}

function cookieOf({ controls }: { controls: readonly { value: Buffer | undefined }[] }): Buffer {
  const value = controls[0]?.value as Buffer;
  const at = 2 + 2 + (value[3] as number);
  return value.subarray(at + 2, at + 2 + (value[at + 1] as number));
}
