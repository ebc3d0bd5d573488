import { afterAll, beforeAll, expect, it } from 'vitest';
import { runPhp, type Step, type StepOutcome } from './support/ldap-php.ts';
import {
  BASE,
  GROUPS,
  type LdapPlace,
  PEOPLE,
  SECRETS,
  startLdapPlace,
  withinASecond,
} from './support/ldap-place.ts';

/**
 * What Nextcloud's user_ldap asks, as traced, through the PHP extension that it uses. Each search is
 * paged by 500 unless it says otherwise.
 */
let place: LdapPlace;
beforeAll(async () => {
  place = await startLdapPlace();
});
afterAll(() => place?.stop());

const ALICE = `uid=alice,${PEOPLE}`;
const USER_ATTRIBUTES =
  'entryuuid nsuniqueid objectguid guid ipauniqueid dn uid samaccountname memberof mail displayname jpegphoto thumbnailphoto';

const search = (filter: string, attributes = 'dn', base = BASE, pageSize = 500): Step => ({
  base,
  filter,
  attributes: attributes.split(' '),
  pageSize,
});
const read = (base: string, attribute: string, filter = '(objectClass=*)'): Step => ({
  base,
  filter,
  attributes: [attribute],
  read: true,
});

/** What came of the steps, taken as the agent (the reader of the service). */
async function asAgent(...steps: Step[]): Promise<StepOutcome[]> {
  const { dn, secret } = place.reader;
  const [bound, ...outcomes] = await runPhp(place.port, [{ bind: dn, password: secret }, ...steps]);
  expect(bound?.code).toBe(0);
  return outcomes;
}
async function ask(step: Step): Promise<StepOutcome> {
  return (await asAgent(step))[0] as StepOutcome;
}
const dns = ({ entries }: StepOutcome) => entries.map(({ dn }) => dn).sort();
const bind = async (dn: string, password: string) =>
  (await runPhp(place.port, [{ bind: dn, password }]))[0]?.code;

it('passes the configuration test: one entry, a page at a time', async () => {
  const { code, entries, pages } = await ask(search('(objectclass=*)', 'dn', BASE, 1));
  expect(code).toBe(0);
  expect(pages).toBe(entries.length);
  expect(dns({ code, pages, entries })).toContain(ALICE);
});

it.each([
  ['username', '(uid=alice)'],
  ['username in capitals', '(uid=ALICE)'],
  [
    'e-mail address',
    '(|(uid=alice@lamyne.example)(|(mailPrimaryAddress=alice@lamyne.example)(mail=alice@lamyne.example)))',
  ],
])('logs in by %s: finds the one entry, reads it, and binds as it', async (_what, who) => {
  const login = `(&(objectClass=inetOrgPerson)${who})`;
  const found = await ask(search(login, USER_ATTRIBUTES, PEOPLE));
  expect(found).toMatchObject({ code: 0, pages: 1 });
  expect(found.entries).toEqual([
    {
      dn: ALICE,
      attributes: {
        entryuuid: [await place.subjectOf('alice')],
        uid: ['alice'],
        displayname: ['Alice Martin'],
        mail: ['alice@lamyne.example'],
        memberof: [`cn=bureau,${GROUPS}`, `cn=membres,${GROUPS}`],
      },
    },
  ]);
  expect(await bind(ALICE, SECRETS.alice)).toBe(0);
});

it('reads single attributes of a user; what there is none of is an entry without attributes', async () => {
  const [uid, name, primary, exists] = await asAgent(
    read(ALICE, 'uid'),
    read(ALICE, 'displayname'),
    read(ALICE, 'primarygroupid'),
    read(ALICE, '', '(objectClass=inetOrgPerson)'),
  );
  expect(uid?.entries[0]?.attributes).toEqual({ uid: ['alice'] });
  expect(name?.entries[0]?.attributes).toEqual({ displayname: ['Alice Martin'] });
  expect(primary).toMatchObject({ code: 0, entries: [{ dn: ALICE, attributes: {} }] });
  // An empty attribute name is how it asks whether a user is there (row 15).
  expect(exists).toMatchObject({ code: 0, entries: [{ dn: ALICE }] });
});

it('refuses a wrong password, also when it is tried twice as Nextcloud does, and the right one works after (row 24)', async () => {
  // Twelve failures would be too many; six, each tried twice, are not.
  for (let time = 0; time < 6; time += 1) {
    expect(await bind(ALICE, `wrong ${time}`)).toBe(49);
    expect(await bind(ALICE, `wrong ${time}`)).toBe(49);
  }
  expect(await bind(ALICE, SECRETS.alice)).toBe(0);
});

it('takes an app password from whoever has no other', async () => {
  const secret = await place.appPassword('bob');
  expect(await bind(`uid=bob,${PEOPLE}`, secret)).toBe(0);
  expect(await bind(ALICE, secret)).toBe(49);
});

it('lists the users who may use the service, and finds them by the beginning of a name', async () => {
  const all = await ask(search('(&(objectClass=inetOrgPerson)(displayName=*)(displayName=*))'));
  expect(dns(all)).toEqual([ALICE, `uid=bob,${PEOPLE}`, `uid=zoé,${PEOPLE}`]);
  const begins = (what: string) =>
    `(&(objectClass=inetOrgPerson)(displayName=*)(|(displayName=${what})(displayName=${what}*)))`;
  expect(dns(await ask(search(begins('ali'), 'dn', PEOPLE, 15)))).toEqual([ALICE]);
  expect(dns(await ask(search(begins('ZOÉ É'), 'dn', PEOPLE, 15)))).toEqual([`uid=zoé,${PEOPLE}`]);
  expect(dns(await ask(search(begins('Hugo'), 'dn', PEOPLE, 15)))).toEqual([]);
});

it('pages through users two at a time (row 17)', async () => {
  const { entries, pages } = await ask(search('(objectClass=inetOrgPerson)', 'uid', PEOPLE, 2));
  expect(pages).toBe(2);
  expect(entries.map(({ attributes }) => attributes.uid?.[0]).sort()).toEqual([
    'alice',
    'bob',
    'zoé',
  ]);
});

it('lists groups, their members, and the groups of a member', async () => {
  const groups = await ask(search('(&(objectClass=groupOfNames)(cn=*))', 'cn dn'));
  expect(groups.entries.map(({ attributes }) => attributes.cn?.[0]).sort()).toEqual([
    'atelier',
    'bureau',
    'membres',
  ]);
  const [members, token] = await asAgent(
    read(`cn=membres,${GROUPS}`, 'member'),
    read(`cn=membres,${GROUPS}`, 'primarygrouptoken'),
  );
  expect(members?.entries[0]?.attributes.member?.sort()).toEqual([
    `cn=atelier,${GROUPS}`,
    `cn=bureau,${GROUPS}`,
    `uid=zoé,${PEOPLE}`,
  ]);
  expect(token).toMatchObject({ code: 0, entries: [{ attributes: {} }] });
  const [direct, memberOf] = await asAgent(
    search(`(&(member=${ALICE})(objectClass=groupOfNames))`, 'cn dn'),
    read(ALICE, 'memberof'),
  );
  expect(dns(direct as StepOutcome)).toEqual([`cn=bureau,${GROUPS}`]);
  expect(memberOf?.entries[0]?.attributes.memberof).toEqual([
    `cn=bureau,${GROUPS}`,
    `cn=membres,${GROUPS}`,
  ]);
});

it('answers the wizard: memberOf counts, and nested groups by the rule in chain (row 14)', async () => {
  const membres = `cn=membres,${GROUPS}`;
  const chain = 'memberof:1.2.840.113556.1.4.1941:';
  const [any, direct, nested, unknown] = await asAgent(
    search('(&(objectClass=inetOrgPerson)(memberOf=*))'),
    search(`(&(objectClass=inetOrgPerson)(|(memberof=cn=atelier,${GROUPS})))`),
    search(`(&(objectClass=inetOrgPerson)(|(${chain}=${membres})))`),
    search(`(&(objectClass=inetOrgPerson)(${chain}=cn=nobody,${GROUPS}))`),
  );
  expect(dns(any as StepOutcome)).toHaveLength(3);
  expect(dns(direct as StepOutcome)).toEqual([`uid=bob,${PEOPLE}`]);
  expect(dns(nested as StepOutcome)).toHaveLength(3);
  expect(unknown).toMatchObject({ code: 0, entries: [] });
});

it('tells that a user has vanished, within a second of the suspension, in each way it asks', async () => {
  const bob = `uid=bob,${PEOPLE}`;
  const uuid = await place.subjectOf('bob');
  const byUuid = search(`(entryuuid=${uuid})`, 'dn', BASE, 2);
  expect(dns(await ask(byUuid))).toEqual([bob]);
  await place.setStatus('bob', 'suspend');
  try {
    const existence = read(bob, '', '(objectClass=inetOrgPerson)');
    await withinASecond(async () => (await ask(existence)).code === 32);
    const [still, one, found] = await asAgent(
      existence,
      search('(objectClass=inetOrgPerson)', 'dn', bob, 1),
      byUuid,
    );
    expect(still).toMatchObject({ code: 32, entries: [] });
    expect(one).toMatchObject({ code: 32, entries: [] });
    expect(found).toMatchObject({ code: 0, entries: [] });
  } finally {
    await place.setStatus('bob', 'resume');
  }
  await withinASecond(async () => dns(await ask(byUuid)).length === 1);
});
