import { beforeAll, describe, expect, it } from 'vitest';
import { saveGroups } from '../src/domain/groups/save-groups.ts';
import { Browser, type Page } from './support/browser.ts';
import { buildCommunity, buildGroup, PASSWORD } from './support/factories.ts';
import { useHub } from './support/use-hub.ts';

const hub = useHub({ community: {}, member: {} });
let browser: Browser;

beforeAll(async () => {
  await hub.app.settle();
  browser = new Browser();
  const { username } = hub.member;
  await browser.signIn(`${hub.issuer}/login`, { username, password: PASSWORD });
});

async function group(joining: 'closed' | 'request' | 'open', seats: number | null = null) {
  const made = await buildGroup(hub.database, hub.community.id);
  await hub.database.transaction((tx) =>
    saveGroups(tx, hub.community.id, [{ id: made.id, joining, seats }], 'cli'),
  );
  return made;
}
const open = () => browser.open(`${hub.issuer}/account/groups`);
const notice = ({ document }: Page) => document.querySelector('.notice[role=status]')?.text.trim();
const form = (id: string, what: string) => `form[action$="${id}/${what}"]`;

describe('the groups of a member', () => {
  it('are those that they may come into; closed ones are not named', async () => {
    const [closed, shown] = [await group('closed'), await group('open')];
    const { document } = await open();
    expect(document.querySelector(`#group-${shown.id}`)).not.toBeNull();
    expect(document.querySelector(`#group-${closed.id}`)).toBeNull();
  });

  it('are come into at once where they are open, twice as well as once', async () => {
    const { id } = await group('open');
    const page = await open();
    const answers = await Promise.all([1, 2].map(() => browser.submit(page, form(id, 'enter'))));
    for (const answer of answers) expect(notice(answer)).toContain('vous êtes dans le groupe');
    const rows = await hub.database.query('SELECT 1 FROM group_members WHERE group_id = $1', [id]);
    expect(rows).toHaveLength(1);
  });

  it('are asked for where they are on request, and the request can be taken back', async () => {
    const { id } = await group('request');
    const asked = await browser.submit(await open(), form(id, 'enter'));
    expect(notice(asked)).toContain('transmise');
    expect(asked.document.querySelector(`#group-${id} .state`)?.text).toBe('demande en attente');
    const back = await browser.submit(asked, form(id, 'leave'));
    expect(notice(back)).toBe('Votre demande est retirée.');
    expect(await hub.database.query('SELECT 1 FROM group_requests')).toEqual([]);
  });

  it('that are full let nobody in, and say so', async () => {
    const { id } = await group('open', 1);
    const page = await open();
    const other = await hub.newMember();
    await hub.app.settle();
    const theirs = new Browser();
    await theirs.signIn(`${hub.issuer}/login`, { username: other.username, password: PASSWORD });
    await theirs.submit(await theirs.open(`${hub.issuer}/account/groups`), form(id, 'enter'));
    expect((await browser.submit(page, form(id, 'enter'))).status).toBe(409);
    expect((await open()).document.querySelector(`#group-${id} .state`)?.text).toBe('complet');
  });

  it('of another community, and closed ones, are not come into', async () => {
    const neighbour = await buildCommunity(hub.database);
    const [closed, theirs] = [await group('closed'), await buildGroup(hub.database, neighbour.id)];
    const { id } = await group('open');
    for (const [target, status] of [
      [closed.id, 409],
      [theirs.id, 404],
    ] as const) {
      const page = await open();
      page.document
        .querySelector(form(id, 'enter'))
        ?.setAttribute('action', `/c/${hub.community.slug}/account/groups/${target}/enter`);
      expect((await browser.submit(page, form(target, 'enter'))).status).toBe(status);
    }
  });
});
