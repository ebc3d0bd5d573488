import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { saveGroups } from '../src/domain/groups/save-groups.ts';
import { Browser, type Page } from './support/browser.ts';
import {
  type BuiltMember,
  buildCommunity,
  buildGroup,
  buildMember,
  PASSWORD,
} from './support/factories.ts';
import { useHub } from './support/use-hub.ts';

const hub = useHub({
  community: {},
  member: { username: 'zoe', displayName: 'Zoé Durand' },
  service: {},
});
let owner: BuiltMember;
let admin: BuiltMember;
let asOwner: Browser;
let asAdmin: Browser;
let garden: { id: string; name: string };

async function signIn({ username }: BuiltMember): Promise<Browser> {
  const browser = new Browser();
  await browser.signIn(`${hub.issuer}/login`, { username, password: PASSWORD });
  return browser;
}

beforeAll(async () => {
  owner = await hub.newMember({ role: 'owner', displayName: 'Olga Owner' });
  admin = await hub.newMember({ role: 'admin', displayName: 'Adam Admin' });
  garden = await buildGroup(hub.database, hub.community.id, 'jardin');
  await hub.app.settle();
  asOwner = await signIn(owner);
  asAdmin = await signIn(admin);
});

const at = (path: string) => `${hub.issuer}/admin/members${path}`;
const names = ({ document }: Page) =>
  document.querySelectorAll('#members a.strong').map(({ text }) => text);
const notice = ({ document }: Page) => document.querySelector('.notice[role=status]')?.text.trim();
const stateOf = async ({ subject }: { subject: string }) => {
  const [row] = await hub.database.query<{ status: string; role: string }>(
    'SELECT status, role FROM memberships WHERE subject = $1',
    [subject],
  );
  return row;
};
const eventsOf = async ({ subject }: { subject: string }) =>
  (
    await hub.database.query<{ type: string; actor: string }>(
      'SELECT type, actor FROM events WHERE subject = $1 ORDER BY id',
      [subject],
    )
  ).map(({ type, actor }) => `${type} ${actor}`);

describe('the list of members', () => {
  it('finds people by part of a name without accents and capitals, by username and by address', async () => {
    for (const search of ['zoe', 'ZOÉ', 'durand', 'zoe@lieu', ' Durand ']) {
      const page = await asAdmin.open(at(`?search=${encodeURIComponent(search)}`));
      expect([search, names(page)]).toEqual([search, ['Zoé Durand']]);
    }
    for (const search of ['%', '_', '\\', 'personne'])
      expect(names(await asAdmin.open(at(`?search=${encodeURIComponent(search)}`)))).toEqual([]);
  });

  it('is narrowed down by role, group, second factor and state, and says how many there are of each', async () => {
    await hub.newMember({ displayName: 'Gaël', groupIds: [garden.id] });
    await hub.newMember({ displayName: 'Suzanne', status: 'suspended' });
    expect(names(await asAdmin.open(at('?role=owner')))).toEqual(['Olga Owner']);
    expect(names(await asAdmin.open(at(`?group=${garden.id}`)))).toEqual(['Gaël']);
    expect(names(await asAdmin.open(at('?factor=yes')))).toEqual([]);
    const suspended = await asAdmin.open(at('?status=suspended'));
    expect(names(suspended)).toContain('Suzanne');
    const chip = suspended.document.querySelector('#status-suspended [class=soft]')?.text;
    expect(chip).toBe(String(names(suspended).length));
  });

  it('takes whatever was typed into its address for no filter', async () => {
    for (const query of [
      '?status=x',
      '?role=x',
      '?group=x',
      '?sort=x',
      '?page=0',
      '?page=x',
      '?page=99',
    ]) {
      const page = await asAdmin.open(at(query));
      expect([query, page.status]).toEqual([query, 200]);
      expect(names(page)).toContain('Zoé Durand');
    }
  });

  it('goes on from page to page, sorted by name without regard to accents, and shows everybody once', async () => {
    const lieu = await buildCommunity(hub.database);
    const head = await buildMember(hub.database, lieu.id, { role: 'owner', displayName: 'Zz' });
    for (let number = 0; number < 50; number += 1)
      await buildMember(hub.database, lieu.id, {
        displayName: `${number % 2 === 0 ? 'É' : 'e'}${String(number).padStart(2, '0')}`,
      });
    await hub.app.settle();
    const browser = new Browser();
    const issuer = `${hub.url}/c/${lieu.slug}`;
    await browser.signIn(`${issuer}/login`, { username: head.username, password: PASSWORD });
    const first = await browser.open(`${issuer}/admin/members`);
    const next = first.document.querySelector('#next')?.getAttribute('href') as string;
    const second = await browser.open(new URL(next, issuer).href);
    const all = [...names(first), ...names(second)];
    expect(all).toHaveLength(51);
    expect(new Set(all).size).toBe(51);
    expect(all.slice(0, 3)).toEqual(['É00', 'e01', 'É02']);
    expect(all.at(-1)).toBe('Zz');
  });
});

describe('one member', () => {
  it('is shown with groups, services, factors and events, and no credential', async () => {
    const member = await hub.newMember({ displayName: 'Mona', groupIds: [garden.id] });
    const { document, status } = await asAdmin.open(at(`/${member.subject}`));
    expect(status).toBe(200);
    expect(document.querySelector('h1')?.text).toBe('Mona');
    expect(document.querySelector(`#remove-${garden.id}`)).not.toBeNull();
    expect(document.querySelector('#events')?.text).toContain('Par l’équipe technique');
    expect(document.querySelector('main')?.text).not.toMatch(/argon2|\$/);
  });

  it('is suspended, loses every session at once, and gets their access back', async () => {
    const member = await hub.newMember();
    const theirs = await signIn(member);
    const page = await asAdmin.open(at(`/${member.subject}`));
    expect(page.document.querySelectorAll('[id^=end-]')).toHaveLength(1);
    const done = await asAdmin.submit(page, 'form[action$="/suspend"]', {});
    expect(notice(done)).toContain('suspendu');
    expect((await stateOf(member))?.status).toBe('suspended');
    expect(new URL((await theirs.open(`${hub.issuer}/account`)).url).pathname).toMatch(/login$/);
    await asAdmin.submit(done, 'form[action$="/resume"]', {});
    expect((await stateOf(member))?.status).toBe('active');
    expect(await eventsOf(member)).toEqual(
      expect.arrayContaining([
        `member.suspended member:${admin.subject}`,
        `member.resumed member:${admin.subject}`,
      ]),
    );
  });

  it('has one session ended, and keeps the others', async () => {
    const member = await hub.newMember();
    const [one, other] = [await signIn(member), await signIn(member)];
    const page = await asAdmin.open(at(`/${member.subject}`));
    const done = await asAdmin.submit(page, 'form[action$="/end-session"]', {});
    expect(notice(done)).toBe('Cet appareil est déconnecté.');
    const states = await Promise.all(
      [one, other].map(async (browser) => (await browser.open(`${hub.issuer}/account`)).url),
    );
    expect(states.filter((url) => url.endsWith('/account'))).toHaveLength(1);
  });

  it('is put into a group and taken out of it; the same form sent twice leads to the same answer', async () => {
    const member = await hub.newMember();
    const page = await asAdmin.open(at(`/${member.subject}`));
    const answers = await Promise.all(
      [1, 2].map(() => asAdmin.submit(page, '#group-form', { group: garden.id })),
    );
    for (const answer of answers) expect(notice(answer)).toContain('dans le groupe');
    expect(
      (await eventsOf(member)).filter((event) => event.startsWith('group.member-added')),
    ).toHaveLength(1);
    const out = await asAdmin.submit(answers[0] as Page, 'form[action$="/groups"]', {
      group: garden.id,
    });
    expect(notice(out)).toContain('n’est plus dans le groupe');
  });

  it('is let go after what that means was told, and keeps their username', async () => {
    const member = await hub.newMember({ displayName: 'Paul Parti' });
    const page = await asAdmin.open(at(`/${member.subject}/let-go`));
    expect(page.document.querySelector('main')?.text).toContain(member.username);
    const done = await asAdmin.submit(page, '#let-go-form', {});
    expect(notice(done)).toContain('a quitté');
    expect((await stateOf(member))?.status).toBe('left');
    expect(names(await asAdmin.open(at('?status=left')))).toContain('Paul Parti');
  });

  it('gets an end, is on the first page of the console when it is near, and a year more', async () => {
    const member = await hub.newMember({ displayName: 'Fanny' });
    const page = await asAdmin.open(at(`/${member.subject}`));
    for (const until of ['2020-01-01', '31/12/2040', 'demain']) {
      const refused = await asAdmin.submit(page, '#until-form', { until });
      expect([until, refused.status]).toEqual([until, 400]);
      expect(refused.document.querySelector('#until')?.getAttribute('value')).toBe(until);
    }
    const soon = new Date(Date.now() + 5 * 24 * 3_600_000).toISOString().slice(0, 10);
    const done = await asAdmin.submit(page, '#until-form', { until: soon });
    expect(notice(done)).toContain('enregistrée');
    expect(done.document.querySelector('#until')?.getAttribute('value')).toBe(soon);
    const home = await asAdmin.open(`${hub.issuer}/admin`);
    expect(home.document.querySelector('#to-do')?.text).toContain('L’adhésion de Fanny prend fin');
    const form = `form[action$="/${member.subject}/until"]`;
    const extended = await asAdmin.submit(home, form, {});
    expect(notice(extended)).toBe('C’est prolongé d’un an.');
    expect(extended.document.querySelector('#to-do')?.text).not.toContain('Fanny');
    const [row] = await hub.database.query<{ until: Date }>(
      'SELECT until FROM memberships WHERE subject = $1',
      [member.subject],
    );
    expect(row?.until.getUTCFullYear()).toBe(new Date(soon).getUTCFullYear() + 1);
  });

  it('of another community is nobody here, whatever is asked of them', async () => {
    const neighbour = await buildCommunity(hub.database);
    const stranger = await buildMember(hub.database, neighbour.id);
    for (const subject of [stranger.subject, randomUUID()]) {
      expect((await asOwner.open(at(`/${subject}`))).status).toBe(404);
      expect((await asOwner.open(at(`/${subject}/let-go`))).status).toBe(404);
    }
    expect((await stateOf(stranger))?.status).toBe('active');
  });
});

describe('roles', () => {
  it('are given and taken by owners; admins make and unmake nobody', async () => {
    const member = await hub.newMember();
    const page = await asOwner.open(at(`/${member.subject}`));
    await asOwner.submit(page, '#role-form', { role: 'admin' });
    expect((await stateOf(member))?.role).toBe('admin');
    const seen = await asAdmin.open(at(`/${member.subject}`));
    expect(seen.document.querySelector('#role-form')).toBeNull();
    for (const role of ['member', 'owner']) {
      seen.document
        .querySelector('#until-form')
        ?.setAttribute('action', new URL(at(`/${member.subject}/role`)).pathname);
      expect((await asAdmin.submit(seen, '#until-form', { role })).status).toBe(403);
    }
    expect((await stateOf(member))?.role).toBe('admin');
    await asOwner.submit(page, '#role-form', { role: 'owner' });
    expect((await stateOf(member))?.role).toBe('owner');
  });

  it('of whoever looks after a community guard their place in groups: no manager signs an owner out', async () => {
    const keeper = await hub.newMember();
    const group = await buildGroup(hub.database, hub.community.id, 'conseil', [owner.subject]);
    await hub.database.transaction((tx) =>
      saveGroups(
        tx,
        hub.community.id,
        [{ id: group.id, managers: { add: [keeper.subject] } }],
        'cli',
      ),
    );
    await hub.app.settle();
    const asKeeper = await signIn(keeper);
    const page = await asKeeper.open(`${hub.issuer}/admin/groups/${group.id}`);
    const answer = await asKeeper.submit(page, '#members form', {});
    expect(answer.status).toBe(403);
    const byAddress = await asKeeper.submit(page, '#people-form', { people: admin.email });
    expect(byAddress.status).toBe(400);
  });

  it('of an owner, and all else of theirs, no admin touches', async () => {
    const page = await asAdmin.open(at(`/${owner.subject}`));
    expect(page.document.querySelectorAll('main form')).toHaveLength(0);
    const own = await asAdmin.open(at(`/${(await hub.newMember()).subject}`));
    for (const [path, fields] of [
      ['suspend', {}],
      ['let-go', {}],
      ['role', { role: 'member' }],
      ['groups', { group: garden.id, what: 'add' }],
    ] as const) {
      const form = own.document.querySelector('form[action$="/suspend"]');
      form?.setAttribute('action', new URL(at(`/${owner.subject}/${path}`)).pathname);
      const answer = await asAdmin.submit(own, `form[action$="/${path}"]`, fields);
      expect([path, answer.status]).toEqual([path, 403]);
      form?.setAttribute('action', '/suspend');
    }
    expect(await stateOf(owner)).toEqual({ status: 'active', role: 'owner' });
  });

  it('of the last owner cannot be given away', async () => {
    const lieu = await buildCommunity(hub.database);
    const only = await buildMember(hub.database, lieu.id, { role: 'owner' });
    await hub.app.settle();
    const browser = new Browser();
    const issuer = `${hub.url}/c/${lieu.slug}`;
    await browser.signIn(`${issuer}/login`, { username: only.username, password: PASSWORD });
    const page = await browser.open(`${issuer}/admin/members/${only.subject}`);
    expect(page.document.querySelector('#role-form')).toBeNull();
  });
});

describe('several members at once', () => {
  const choose = (members: BuiltMember[], action: string) =>
    at(`/several?action=${action}&${members.map(({ subject }) => `subject=${subject}`).join('&')}`);

  it('are suspended after a page that names them; who cannot be is named, too, and left alone', async () => {
    const [one, two] = [await hub.newMember(), await hub.newMember()];
    const page = await asAdmin.open(choose([one, two, owner, admin], 'suspend'));
    expect(page.url.length).toBeLessThan(1_200);
    expect(page.document.querySelectorAll('#several-form li')).toHaveLength(2);
    expect(page.document.querySelector('.notice.warn')?.text).toContain('Olga Owner');
    expect((await stateOf(one))?.status).toBe('active');
    const done = await asAdmin.submit(page, '#several-form', {});
    expect(notice(done)).toContain('C’est fait');
    for (const { subject } of [one, two])
      expect((await stateOf({ subject }))?.status).toBe('suspended');
    expect((await stateOf(owner))?.status).toBe('active');
  });

  it('are put into a group', async () => {
    const members = [await hub.newMember(), await hub.newMember()];
    const choir = await buildGroup(hub.database, hub.community.id, 'chorale');
    await hub.app.settle();
    const page = await asAdmin.open(choose(members, 'add'));
    await asAdmin.submit(page, '#several-form', { group: choir.id });
    expect(names(await asAdmin.open(at(`?group=${choir.id}`)))).toHaveLength(2);
  });

  it('of another community are not among them', async () => {
    const neighbour = await buildCommunity(hub.database);
    const stranger = await buildMember(hub.database, neighbour.id);
    const page = await asOwner.open(choose([stranger], 'suspend'));
    expect(page.document.querySelector('#several-form')).toBeNull();
    expect((await stateOf(stranger))?.status).toBe('active');
  });
});

describe('the file of members', () => {
  it('holds who the list shows, and no formula', async () => {
    await hub.newMember({ displayName: '=HYPERLINK("http://mal.example")', username: 'formule' });
    const answer = await asAdmin.send(at('/export.csv?search=formule'));
    const { headers } = answer;
    const bytes = Buffer.from(await answer.arrayBuffer());
    const text = bytes.toString();
    expect(headers.get('content-type')).toContain('text/csv');
    expect(headers.get('content-disposition')).toContain('attachment');
    const [head, line, end] = text.split('\r\n');
    expect(head).toBe('\ufeffusername;name;email;role;status;groups;since');
    expect(line).toMatch(/^formule;"'=HYPERLINK\(""http:\/\/mal\.example""\)";formule@/);
    expect(end).toBe('');
  });

  it('is an event of the community', async () => {
    const rows = await hub.database.query<{ actor: string }>(
      `SELECT actor FROM events WHERE community_id = $1 AND type = 'members.exported'`,
      [hub.community.id],
    );
    expect(rows.map(({ actor }) => actor)).toContain(`member:${admin.subject}`);
  });
});
