import { randomUUID } from 'node:crypto';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { enterGroup } from '../src/domain/groups/enter-group.ts';
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

const hub = useHub({ community: {}, member: {} });
let asAdmin: Browser;
let keeper: BuiltMember;
let asKeeper: Browser;
let garden: { id: string; name: string };

async function signIn({ username }: BuiltMember): Promise<Browser> {
  const browser = new Browser();
  await browser.signIn(`${hub.issuer}/login`, { username, password: PASSWORD });
  return browser;
}

beforeAll(async () => {
  const admin = await hub.newMember({ role: 'admin' });
  keeper = await hub.newMember({ displayName: 'Karim' });
  await hub.app.settle();
  asAdmin = await signIn(admin);
  asKeeper = await signIn(keeper);
});

beforeEach(async () => {
  garden = await buildGroup(hub.database, hub.community.id);
  await manage(garden.id, keeper.subject);
});

const manage = (id: string, subject: string) =>
  hub.database
    .transaction((tx) =>
      saveGroups(tx, hub.community.id, [{ id, managers: { add: [subject] } }], 'cli'),
    )
    .then(() => hub.app.settle());
const at = (path = '') => `${hub.issuer}/admin/groups${path}`;
const notice = ({ document }: Page) => document.querySelector('.notice[role=status]')?.text.trim();
const faults = ({ document }: Page) =>
  document.querySelectorAll('.field-fault').map(({ id }) => id.replace('fault-', ''));
const peopleOf = async ({ id }: { id: string }) =>
  (
    await hub.database.query<{ subject: string }>(
      'SELECT subject FROM group_members WHERE group_id = $1',
      [id],
    )
  ).map(({ subject }) => subject);

describe('an admin', () => {
  it('makes a group and puts five people in it, by three buttons from the first page of the console', async () => {
    const people = await Promise.all([1, 2, 3, 4, 5].map(() => hub.newMember()));
    const home = await asAdmin.open(`${hub.issuer}/admin`);
    const path = home.document.querySelector('.side-nav a[href$="/groups"]')?.getAttribute('href');
    const list = await asAdmin.open(new URL(path as string, hub.issuer).href);
    const made = await asAdmin.submit(list, '#group-form', { name: 'chorale', joining: 'closed' });
    expect(notice(made)).toBe('Le groupe est créé.');
    const group = made.document.querySelector('#groups a')?.parentNode;
    expect(group?.text).toBeDefined();
    const link = made.document
      .querySelectorAll('#groups a')
      .find(({ text }) => text === 'chorale')
      ?.getAttribute('href') as string;
    const page = await asAdmin.open(new URL(link, hub.issuer).href);
    const done = await asAdmin.submit(page, '#people-form', {
      people: people.map(({ username, email }, index) => (index % 2 ? email : username)).join('\n'),
    });
    expect(notice(done)).toContain('dans le groupe');
    expect(done.document.querySelectorAll('#members > li')).toHaveLength(5);
  });

  it('is told which names nobody has, and nobody is added, and nothing typed is lost', async () => {
    const member = await hub.newMember();
    const page = await asAdmin.open(at(`/${garden.id}`));
    const people = `${member.username}\npersonne, autre@exemple.fr`;
    const refused = await asAdmin.submit(page, '#people-form', { people });
    expect([refused.status, faults(refused)]).toEqual([400, ['people']]);
    expect(refused.document.querySelector('#fault-people')?.text).toContain(
      'personne, autre@exemple.fr',
    );
    expect(refused.document.querySelector('#people')?.text).toBe(people);
    expect(await peopleOf(garden)).toEqual([]);
  });

  it('gives a place up to a day, and no day that is over', async () => {
    const member = await hub.newMember();
    const page = await asAdmin.open(at(`/${garden.id}`));
    const over = await asAdmin.submit(page, '#people-form', {
      people: member.username,
      until: '2020-01-01',
    });
    expect([over.status, faults(over)]).toEqual([400, ['until']]);
    const done = await asAdmin.submit(page, '#people-form', {
      people: member.username,
      until: '2040-06-30',
    });
    expect(done.document.querySelector('#members')?.text).toMatch(/jusqu’au 30\s+juin 2040/);
  });

  it('keeps to the seats, of two who add at once, too', async () => {
    const people = await Promise.all([1, 2, 3, 4].map(() => hub.newMember()));
    const page = await asAdmin.open(at(`/${garden.id}`));
    await asAdmin.submit(page, '#group-form', { name: garden.name, joining: 'closed', seats: '2' });
    const full = await asAdmin.submit(page, '#people-form', {
      people: people.map(({ username }) => username).join(','),
    });
    expect([full.status, faults(full)]).toEqual([400, ['people']]);
    await Promise.all(
      people.map(({ username }) => asAdmin.submit(page, '#people-form', { people: username })),
    );
    expect(await peopleOf(garden)).toHaveLength(2);
  });

  it('is refused a name that is taken or none, and a number of seats that is none', async () => {
    const other = await buildGroup(hub.database, hub.community.id);
    const list = await asAdmin.open(at());
    const taken = await asAdmin.submit(list, '#group-form', { name: other.name, joining: 'open' });
    expect([taken.status, faults(taken)]).toEqual([400, ['name']]);
    expect(taken.document.querySelector('#name')?.getAttribute('value')).toBe(other.name);
    const page = await asAdmin.open(at(`/${garden.id}`));
    for (const seats of ['0', '-1', 'beaucoup', '1e9']) {
      const refused = await asAdmin.submit(page, '#group-form', {
        name: garden.name,
        joining: 'closed',
        seats,
      });
      expect([seats, refused.status, faults(refused)]).toEqual([seats, 400, ['seats']]);
    }
  });

  it('puts a group into another, and never one into itself through others', async () => {
    const inner = await buildGroup(hub.database, hub.community.id);
    await hub.app.settle();
    const page = await asAdmin.open(at(`/${garden.id}`));
    const done = await asAdmin.submit(page, '#child-form', { child: inner.id });
    expect(done.document.querySelector(`#out-${inner.id}`)).not.toBeNull();
    const other = await asAdmin.open(at(`/${inner.id}`));
    const refused = await asAdmin.submit(other, '#child-form', { child: garden.id });
    expect([refused.status, faults(refused)]).toEqual([400, ['child']]);
  });

  it('entrusts a group to somebody, and deletes it after what that means was told', async () => {
    const member = await hub.newMember();
    const page = await asAdmin.open(at(`/${garden.id}`));
    const entrusted = await asAdmin.submit(page, '#manager-form', { manager: member.username });
    expect(entrusted.document.querySelector(`#manager-${member.subject}`)).not.toBeNull();
    const ask = await asAdmin.open(at(`/${garden.id}/delete`));
    const gone = await asAdmin.submit(ask, '#delete-form', {});
    expect(notice(gone)).toBe('Le groupe est supprimé.');
    expect((await asAdmin.open(at(`/${garden.id}`))).status).toBe(404);
  });

  it('finds nothing of another community', async () => {
    const neighbour = await buildCommunity(hub.database);
    const theirs = await buildGroup(hub.database, neighbour.id);
    const stranger = await buildMember(hub.database, neighbour.id);
    for (const id of [theirs.id, randomUUID()]) {
      expect((await asAdmin.open(at(`/${id}`))).status).toBe(404);
      expect((await asAdmin.open(at(`/${id}/delete`))).status).toBe(404);
    }
    const page = await asAdmin.open(at(`/${garden.id}`));
    const refused = await asAdmin.submit(page, '#people-form', { people: stranger.username });
    expect(refused.status).toBe(400);
  });
});

describe('who looks after a group', () => {
  it('sees that group and no other page of the console', async () => {
    const other = await buildGroup(hub.database, hub.community.id);
    const list = await asKeeper.open(at());
    const shown = list.document.querySelectorAll('#groups a').map(({ text }) => text);
    expect(shown).toContain(garden.name);
    expect(shown).not.toContain(other.name);
    expect(list.document.querySelector('#group-form')).toBeNull();
    expect((await asKeeper.open(at(`/${other.id}`))).status).toBe(404);
    for (const path of ['', '/members', '/journal', '/settings', '/invitations', '/requests'])
      expect([path, (await asKeeper.open(`${hub.issuer}/admin${path}`)).status]).toEqual([
        path,
        403,
      ]);
    expect((await asKeeper.open(at(`/${garden.id}/delete`))).status).toBe(403);
  });

  it('adds people and takes them out, and answers who asked to come in', async () => {
    const [member, asking] = [await hub.newMember(), await hub.newMember()];
    const page = await asKeeper.open(at(`/${garden.id}`));
    await asKeeper.submit(page, '#people-form', { people: member.username });
    expect(await peopleOf(garden)).toEqual([member.subject]);
    const { id } = hub.community;
    await hub.database.transaction(async (tx) => {
      await saveGroups(tx, id, [{ id: garden.id, joining: 'request' }], 'cli');
      const tie = { groupId: garden.id, subject: asking.subject };
      await enterGroup(tx, { id, issuerUrl: hub.issuer }, tie);
    });
    const asked = await asKeeper.open(at(`/${garden.id}`));
    const done = await asKeeper.submit(asked, '#requests form', {}, `#admit-${asking.subject}`);
    expect(notice(done)).toContain('dans le groupe');
    const out = await asKeeper.submit(done, '#members form[action$="/remove"]', {
      subject: member.subject,
    });
    expect(notice(out)).toContain('n’est plus dans le groupe');
    expect(await peopleOf(garden)).toEqual([asking.subject]);
  });

  it('is not told whose an address is, however its "@" is written', async () => {
    const member = await hub.newMember();
    const page = await asKeeper.open(at(`/${garden.id}`));
    const asTyped = [
      member.email,
      member.email.replace('@', '＠'),
      member.email.replace('@', '﹫'),
    ];
    for (const people of asTyped) {
      const refused = await asKeeper.submit(page, '#people-form', { people });
      expect([people, refused.status, faults(refused)]).toEqual([people, 400, ['people']]);
    }
  });

  it('changes nothing of a group that is another’s, nor of the group itself', async () => {
    const other = await buildGroup(hub.database, hub.community.id);
    const own = await asKeeper.open(at(`/${garden.id}`));
    const send = async (path: string, fields: Record<string, string>) => {
      own.document
        .querySelector('#people-form')
        ?.setAttribute('action', new URL(at(path)).pathname);
      return (await asKeeper.submit(own, '#people-form', fields)).status;
    };
    expect(await send(`/${other.id}/add`, { people: keeper.username })).toBe(404);
    expect(await send(`/${other.id}/remove`, { subject: keeper.subject })).toBe(404);
    expect(await send(`/${garden.id}`, { name: 'à moi', joining: 'open', seats: '' })).toBe(403);
    expect(await send(`/${garden.id}/managers`, { manager: keeper.username })).toBe(403);
    expect(await send('', { name: 'un autre', joining: 'open' })).toBe(403);
    expect(await peopleOf(other)).toEqual([]);
  });

  it('is nobody there any more once that was taken back', async () => {
    const member = await hub.newMember();
    await manage(garden.id, member.subject);
    const browser = await signIn(member);
    expect((await browser.open(at(`/${garden.id}`))).status).toBe(200);
    await hub.database.transaction((tx) =>
      saveGroups(
        tx,
        hub.community.id,
        [{ id: garden.id, managers: { remove: [member.subject] } }],
        'cli',
      ),
    );
    expect((await browser.open(at(`/${garden.id}`))).status).toBe(403);
  });
});
