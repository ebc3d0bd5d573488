import { beforeEach, describe, expect, it } from 'vitest';
import { mintLink } from '../src/domain/links/link-store.ts';
import { recordEvents } from '../src/platform/events/record-event.ts';
import { giveAddress } from './support/belongings.ts';
import { Browser, type Page } from './support/browser.ts';
import { type BuiltCommunity, buildCommunity, buildMember } from './support/factories.ts';
import { JoinVisit } from './support/join-visit.ts';
import { faultsOf } from './support/newcomers.ts';
import { useHub } from './support/use-hub.ts';

const hub = useHub({ env: { TROUSSEAU_ROLES: 'web' }, community: { slug: 'chez-moi' } });
let place: BuiltCommunity;
let visit: JoinVisit;

beforeEach(async () => {
  place = await buildCommunity(hub.database, { registration: 'open' });
  const member = await hub.newMember();
  await hub.database.query('UPDATE person_emails SET proven_at = now() WHERE person_id = $1', [
    member.personId,
  ]);
  visit = new JoinVisit(hub, hub.community, member, new Browser());
});

const at = (path: string, { slug } = place) => `${hub.url}/c/${slug}${path}`;
const reasonOf = (page: Page) => page.document.querySelector('.lead')?.text;
const actionOf = (page: Page) => page.document.querySelector('.actions a')?.getAttribute('href');

async function becomes(status: string): Promise<void> {
  await hub.database.query(
    'UPDATE memberships SET status = $3 WHERE community_id = $1 AND person_id = $2',
    [place.id, visit.member.personId, status],
  );
}

describe('nobody is made to join', () => {
  it('by a link alone, by a form of another site, or by who only finds the browser open', async () => {
    const page = await visit.toConfirmation(place);
    await visit.browser.open(page.url);
    const forged = await visit.confirm(page, { csrf: 'x' });
    expect(forged.status).toBe(403);
    await hub.database.query(
      `UPDATE sessions SET payload = jsonb_set(payload, '{loginTs}', to_jsonb((payload ->> 'loginTs')::bigint - 3600))
       WHERE subject = $1`,
      [visit.member.subject],
    );
    await hub.app.settle();
    const asked = await visit.confirm(page);
    expect(asked.document.querySelector('#login-form')).not.toBeNull();
    expect(await visit.membership(place)).toBeUndefined();
  });

  it('by a page that they had open since before they were put out', async () => {
    const page = await visit.toConfirmation(place);
    await visit.confirm(await visit.toConfirmation(place));
    await becomes('suspended');
    expect((await visit.confirm(page)).status).toBe(409);
    expect(await visit.membership(place)).toMatchObject({ status: 'suspended' });
  });

  it('by a link that is expired, cut short, used, or of another community', async () => {
    await visit.toConfirmation(place);
    const mint = (hours: number) =>
      mintLink(hub.database, place.id, {
        kind: 'join',
        details: { issuerUrl: at('') },
        hours,
      });
    const other = await buildCommunity(hub.database, { registration: 'open' });
    const [good, late] = [await mint(1), await mint(-1)];
    const another = `${good.slice(0, -1)}${good.endsWith('A') ? 'E' : 'A'}`;
    const paths = [
      [`/account/join/${place.slug}/${late}`, 410],
      [`/account/join/${place.slug}/${another}`, 410],
      [`/account/join/${place.slug}/${good.slice(0, -1)}`, 404],
      [`/account/join/${other.slug}/${good}`, 410],
      [`/account/join/nulle-part/${good}`, 404],
    ] as const;
    for (const [path, status] of paths) {
      const page = await visit.browser.open(at(path, hub.community));
      expect([path, page.status]).toEqual([path, status]);
    }
    for (const token of [late, another]) {
      const page = await visit.browser.open(`${hub.url}/join/${place.slug}/${token}`);
      expect(page.document.querySelector('#join-expired')).not.toBeNull();
    }
    expect(
      (await visit.browser.open(at(`/account/join/${place.slug}/${good}`, hub.community))).status,
    ).toBe(200);
  });
});

describe('whoever has been there', () => {
  beforeEach(async () => {
    await visit.confirm(await visit.toConfirmation(place));
  });

  it('is told that they are a member', async () => {
    const page = await visit.toConfirmation(place);
    expect(page.status).toBe(409);
    expect(reasonOf(page)).toContain('faites déjà partie');
  });

  it('is not let back in by it when they left: they are told what to do', async () => {
    await becomes('left');
    const page = await visit.toConfirmation(place);
    expect(reasonOf(page)).toContain('nouveau compte');
    expect(actionOf(page)).toBe(at('/register'));
  });

  it('stays suspended', async () => {
    await becomes('suspended');
    expect(reasonOf(await visit.toConfirmation(place))).toContain('suspendu');
  });
});

describe('a community', () => {
  it('that closed meanwhile takes nobody, and says so at every step', async () => {
    const page = await visit.toConfirmation(place);
    const register = await visit.browser.open(at('/register'));
    await hub.database.query(`UPDATE communities SET registration = 'closed' WHERE id = $1`, [
      place.id,
    ]);
    await hub.app.settle();
    expect((await visit.confirm(page)).status).toBe(409);
    expect((await visit.browser.submit(register, '#join-form')).status).toBe(403);
    expect(await visit.membership(place)).toBeUndefined();
  });

  it('that is frozen takes nobody', async () => {
    const page = await visit.toConfirmation(place);
    await hub.database.query(`UPDATE communities SET state = 'frozen' WHERE id = $1`, [place.id]);
    await hub.app.settle();
    expect((await visit.confirm(page)).status).toBe(409);
    expect(await visit.membership(place)).toBeUndefined();
  });

  it('gets no address that the person has not proven', async () => {
    await giveAddress(hub.database, hub.community.id, visit.member, 'dite@lieu.example');
    // As verified as an admin's word makes it: it is not proven.
    await hub.database.query(
      `UPDATE person_emails SET verified_at = now() WHERE address = 'dite@lieu.example'`,
    );
    const page = await visit.toConfirmation(place);
    expect(page.text).not.toContain('dite@lieu.example');
    const refused = await visit.confirm(page, { email: 'dite@lieu.example' });
    expect(faultsOf(refused)).toHaveProperty('email');
    await hub.database.query('UPDATE person_emails SET proven_at = NULL WHERE person_id = $1', [
      visit.member.personId,
    ]);
    const without = await visit.toConfirmation(place);
    expect(reasonOf(without)).toContain('Confirmez d’abord une adresse');
    expect(actionOf(without)).toBe('/c/chez-moi/account/emails');
  });

  it('takes nobody twice with one address, nor with one that it refused lately', async () => {
    const { email } = visit.member;
    const page = await visit.toConfirmation(place);
    const other = await buildMember(hub.database, place.id, { email });
    const refused = await visit.confirm(page);
    expect(reasonOf(refused)).toContain('a déjà votre adresse');
    await hub.database.query(`UPDATE memberships SET status = 'left' WHERE subject = $1`, [
      other.subject,
    ]);
    const refusal = {
      communityId: place.id,
      type: 'member.refused',
      subject: other.subject,
    } as const;
    await hub.database.transaction((tx) => recordEvents(tx, [{ ...refusal, actor: 'hub' }]));
    expect((await visit.toConfirmation(place)).status).toBe(409);
    await hub.database.query(`DELETE FROM events WHERE subject = $1`, [other.subject]);
    await visit.confirm(await visit.toConfirmation(place));
    expect(await visit.membership(place)).toMatchObject({ email });
  });

  it('gets no name that passes for another, nor one that no form of ours would take', async () => {
    await buildMember(hub.database, place.id, { username: 'paul' });
    const page = await visit.toConfirmation(place);
    const refused = await visit.confirm(page, {
      username: 'раul',
      given_name: 'x'.repeat(10_000),
      family_name: '\u202eeilA',
    });
    expect(refused.status).toBe(400);
    expect(Object.keys(faultsOf(refused)).sort()).toEqual([
      'family_name',
      'given_name',
      'username',
    ]);
    expect(faultsOf(await visit.confirm(page, { username: 'pau1' }))).toHaveProperty('username');
  });
});
