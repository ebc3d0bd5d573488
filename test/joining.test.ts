import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createInvitation } from '../src/invitations/create-invitation.ts';
import { Browser, type Page } from './support/browser.ts';
import {
  type BuiltCommunity,
  type BuiltMember,
  buildCommunity,
  buildGroup,
  buildMember,
  PASSWORD,
} from './support/factories.ts';
import { startHub, type TestHub } from './support/hub.ts';

let hub: TestHub;
let home: BuiltCommunity;
let open: BuiltCommunity;
let onApproval: BuiltCommunity;
let closed: BuiltCommunity;
let member: BuiltMember;
let browser: Browser;

beforeAll(async () => {
  hub = await startHub({ TROUSSEAU_ROLES: 'web' });
  home = await buildCommunity(hub.database, { slug: 'chez-moi' });
  open = await buildCommunity(hub.database, { slug: 'ouverte', registration: 'open' });
  onApproval = await buildCommunity(hub.database, { slug: 'choisie', registration: 'approval' });
  closed = await buildCommunity(hub.database, { slug: 'fermee', registration: 'closed' });
});
afterAll(() => hub.stop());
beforeEach(async () => {
  member = await buildMember(hub.database, home.id);
  await hub.database.query('UPDATE person_emails SET proven_at = now() WHERE person_id = $1', [
    member.personId,
  ]);
  browser = new Browser();
});

const at = (path: string, { slug }: BuiltCommunity) => `${hub.url}/c/${slug}${path}`;

/** From the new community's page to the page that asks for a confirmation. */
async function toConfirmation(place: BuiltCommunity, visitor = browser): Promise<Page> {
  const register = await visitor.open(at('/register', place));
  return goOn(await visitor.submit(register, '#join-form'), visitor);
}

async function goOn(choice: Page, visitor = browser): Promise<Page> {
  const link = choice.document
    .querySelectorAll('.choices a')
    .find((each) => each.getAttribute('href')?.startsWith('/c/chez-moi/'));
  const page = await visitor.open(new URL(link?.getAttribute('href') as string, choice.url).href);
  if (page.document.querySelector('#login-form') === null) return page;
  const fields = { username: member.username, password: PASSWORD };
  return visitor.submit(page, '#login-form', fields);
}

const membership = async ({ id }: BuiltCommunity) =>
  (
    await hub.database.query(
      `SELECT subject, username, status, role, email FROM memberships WHERE community_id = $1 AND person_id = $2`,
      [id, member.personId],
    )
  )[0];

describe('joining another community of the hub', () => {
  it('asks first, gives what was chosen, and opens it with the same password', async () => {
    const page = await toConfirmation(open);
    expect(page.document.querySelector('#join-submit')).not.toBeNull();
    expect(await membership(open)).toBeUndefined();
    const done = await browser.submit(page, '#join-form', {
      username: `${member.username}-ici`,
      email: member.email,
    });
    expect(done.url).toBe(at('/login?notice=joined', open));
    expect(await membership(open)).toMatchObject({
      username: `${member.username}-ici`,
      status: 'active',
      role: 'member',
      email: member.email,
    });
    const fields = { username: `${member.username}-ici`, password: PASSWORD };
    const inside = await browser.submit(done, '#login-form', fields);
    expect(inside.url.replace(/\/$/, '')).toBe(at('', open));
  });

  it('tells neither community of the other', async () => {
    const page = await toConfirmation(open);
    await browser.submit(page, '#join-form', { email: '' });
    const joined = await membership(open);
    expect(joined.email).toBeNull();
    const of = async (community: BuiltCommunity, table: string) =>
      JSON.stringify(
        await hub.database.query(`SELECT to_jsonb(t) FROM ${table} t WHERE community_id = $1`, [
          community.id,
        ]),
      );
    for (const table of ['events', 'outbox', 'links']) {
      const here = await of(home, table);
      for (const word of [open.id, open.slug, joined.subject]) expect(here).not.toContain(word);
      const there = await of(open, table);
      for (const word of [home.id, home.slug, member.subject]) expect(there).not.toContain(word);
    }
  });

  it('waits for an admin where the community approves, with the answers to its questions', async () => {
    const [question] = await hub.database.query<{ id: string }>(
      `INSERT INTO registration_questions (community_id, text) VALUES ($1, 'Qui ?' || gen_random_uuid()) RETURNING id`,
      [onApproval.id],
    );
    await hub.app.settle();
    const page = await toConfirmation(onApproval);
    const refused = await browser.submit(page, '#join-form', {});
    expect(refused.status).toBe(400);
    const done = await browser.submit(refused, '#join-form', {
      [`answer-${question?.id}`]: 'Moi',
    });
    expect(done.url).toBe(at('/login?notice=requested', onApproval));
    expect(await membership(onApproval)).toMatchObject({ status: 'requested' });
    const [answer] = await hub.database.query(
      'SELECT answer FROM registration_answers WHERE community_id = $1 AND subject = $2',
      [onApproval.id, (await membership(onApproval)).subject],
    );
    expect(answer).toEqual({ answer: 'Moi' });
    await hub.database.query('DELETE FROM registration_questions WHERE community_id = $1', [
      onApproval.id,
    ]);
  });

  it('by an invitation gives its groups, once for each of its uses, in a closed community, too', async () => {
    const group = await buildGroup(hub.database, closed.id);
    const { token } = await hub.database.transaction((tx) =>
      createInvitation(
        tx,
        hub.sealer,
        closed.id,
        { label: 'essai', role: 'member', groupIds: [group.id], days: 2, maxUses: 1 },
        'cli',
      ),
    );
    const invited = await browser.open(at(`/invitations/${token}`, closed));
    const page = await goOn(await browser.submit(invited, '#join-form'));
    const links = JSON.stringify(
      await hub.database.query('SELECT details FROM links WHERE community_id = $1', [closed.id]),
    );
    expect(links).not.toContain(token);
    await browser.submit(page, '#join-form', {});
    const { subject } = await membership(closed);
    const [inside] = await hub.database.query(
      'SELECT 1 AS one FROM group_members WHERE community_id = $1 AND group_id = $2 AND subject = $3',
      [closed.id, group.id, subject],
    );
    expect(inside).toEqual({ one: 1 });
    expect((await new Browser().open(at(`/invitations/${token}`, closed))).status).toBe(410);
  });

  it('is not done by a link alone, nor by a form of another site', async () => {
    const page = await toConfirmation(open);
    await browser.open(page.url);
    expect(await membership(open)).toBeUndefined();
    const forged = await browser.submit(page, '#join-form', { csrf: 'x' });
    expect(forged.status).toBe(403);
    expect(await membership(open)).toBeUndefined();
  });

  it('counts once when it is confirmed twice at once', async () => {
    const page = await toConfirmation(open);
    const answers = await Promise.all([
      browser.submit(page, '#join-form', { username: `${member.username}-a` }),
      browser.submit(page, '#join-form', { username: `${member.username}-b` }),
    ]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
    const again = await browser.open(page.url);
    expect([409, 410]).toContain(again.status);
  });

  it('takes no address that is not proven, nor a username that looks like another', async () => {
    await buildMember(hub.database, open.id, { username: 'paul' });
    await hub.database.query(
      `INSERT INTO person_emails (person_id, address, verified_at) VALUES ($1, 'pas-prouvee@lieu.example', now())`,
      [member.personId],
    );
    const page = await toConfirmation(open);
    expect(page.text).not.toContain('pas-prouvee');
    const refused = await browser.submit(page, '#join-form', { username: 'раul' });
    expect(refused.status).toBe(400);
    expect(refused.document.querySelector('#fault-username')).not.toBeNull();
    await browser.submit(refused, '#join-form', {
      username: `${member.username}-x`,
      email: 'pas-prouvee@lieu.example',
    });
    expect((await membership(open)).email).toBeNull();
  });

  it('says what stands in the way: member already, left, closed, frozen, unknown', async () => {
    const page = await toConfirmation(open);
    await browser.submit(page, '#join-form', {});
    const again = await toConfirmation(open);
    expect(again.status).toBe(409);
    expect(again.text).toContain('faites déjà partie');
    const forged = await browser.send(at('/join', closed), { method: 'POST' });
    expect(forged.status).toBeGreaterThanOrEqual(400);
    const token = 'x'.repeat(43);
    expect((await browser.open(at(`/account/join/ouverte/${token}`, home))).status).toBe(410);
    expect((await browser.open(at(`/account/join/nulle-part/${token}`, home))).status).toBe(404);
    expect((await browser.open(`${hub.url}/join/ouverte/${token}`)).status).toBe(410);
  });
});
