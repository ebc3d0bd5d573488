import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { Browser, type Page } from './support/browser.ts';
import {
  type BuiltCommunity,
  type BuiltMember,
  buildCommunity,
  buildGroup,
  buildMember,
  changeCommunity,
  PASSWORD,
} from './support/factories.ts';
import {
  askToRegister,
  faultsOf,
  linkIn,
  mailsTo,
  NEW_PASSWORD,
  openRegistration,
  requestsDone,
} from './support/newcomers.ts';
import { useHub } from './support/use-hub.ts';

const hub = useHub();
let lieu: BuiltCommunity;
let owner: BuiltMember;
let issuer: string;

beforeEach(async () => {
  lieu = await buildCommunity(hub.database, { registration: 'approval' });
  owner = await buildMember(hub.database, lieu.id, { role: 'owner', displayName: 'Noémie' });
  issuer = `${hub.url}/c/${lieu.slug}`;
  await hub.app.settle();
});

async function signIn({ username }: BuiltMember, at = issuer): Promise<Browser> {
  const browser = new Browser();
  await browser.signIn(`${at}/login`, { username, password: PASSWORD });
  return browser;
}

/** Somebody who asked to join. */
async function request(username: string, answer = ''): Promise<{ subject: string; email: string }> {
  const email = `${username}@exemple.fr`;
  const place = { database: hub.database, issuer };
  const { browser, page } = await openRegistration(place, lieu.id, email);
  const question = page.document.querySelector('textarea')?.id;
  await browser.submit(page, '#newcomer-form', {
    username,
    display_name: `Prénom ${username}`,
    password: NEW_PASSWORD,
    ...(question !== undefined && { [question]: answer }),
  });
  const [row] = await hub.database.query(
    'SELECT subject FROM memberships WHERE community_id = $1 AND username = $2',
    [lieu.id, username],
  );
  return { subject: row.subject, email };
}

const statusOf = async (subject: string) =>
  (await hub.database.query('SELECT status FROM memberships WHERE subject = $1', [subject]))[0]
    ?.status;
const mails = (to: string) => mailsTo(hub.database, lieu.id, to);
const heading = (page: Page) => page.document.querySelector('h1')?.text;
const notice = (page: Page) => page.document.querySelector('.notice[role=status]')?.text.trim();

describe('the admin pages', () => {
  it('are not for members, nor for whoever is signed out', async () => {
    const browser = await signIn(await buildMember(hub.database, lieu.id));
    for (const path of ['', '/requests', '/invitations', `/invitations/${randomUUID()}`]) {
      expect((await browser.open(`${issuer}/admin${path}`)).status).toBe(403);
      expect(new URL((await new Browser().open(`${issuer}/admin${path}`)).url).pathname).toMatch(
        /\/login$/,
      );
    }
  });

  it('are not for the admins of another community', async () => {
    const neighbour = await buildCommunity(hub.database);
    const other = await buildMember(hub.database, neighbour.id, { role: 'owner' });
    const browser = await signIn(other, `${hub.url}/c/${neighbour.slug}`);
    const page = await browser.open(`${issuer}/admin/requests`);
    expect(new URL(page.url).pathname).toMatch(/\/login$/);
  });

  it('are not for an admin who was suspended a moment ago', async () => {
    const admin = await buildMember(hub.database, lieu.id, { role: 'admin' });
    const browser = await signIn(admin);
    expect((await browser.open(`${issuer}/admin`)).status).toBe(200);
    await hub.database.query(`UPDATE memberships SET status = 'suspended' WHERE subject = $1`, [
      admin.subject,
    ]);
    await hub.app.settle();
    expect(new URL((await browser.open(`${issuer}/admin`)).url).pathname).toMatch(/\/login$/);
  });

  it('ask again who it is before people are let in, when the sign-in is an old one', async () => {
    const { subject } = await request('camille');
    const browser = await signIn(owner);
    const page = await browser.open(`${issuer}/admin/requests`);
    await hub.database.query(
      `UPDATE sessions SET payload = jsonb_set(payload, '{loginTs}', to_jsonb(extract(epoch FROM now())::int - 3600))
       WHERE community_id = $1`,
      [lieu.id],
    );
    await hub.app.settle();
    const asked = await browser.submit(page, `#request-${subject} form`);
    expect(new URL(asked.url).pathname).toMatch(/\/login$/);
    expect(await statusOf(subject)).toBe('requested');
  });

  it('show how many there are, and lead on', async () => {
    await request('camille');
    const page = await (await signIn(owner)).open(`${issuer}/admin`);
    expect(page.document.querySelector('#count-active .figure')?.text).toBe('1');
    expect(page.document.querySelector('#count-requested .figure')?.text).toBe('1');
    expect(page.document.querySelector('a#count-requested')?.getAttribute('href')).toMatch(
      /\/admin\/requests$/,
    );
  });
});

describe('a request to join', () => {
  it('is shown with its answers, and whoever is accepted is told and can sign in', async () => {
    const questions = [{ text: 'Que savez-vous réparer ?', required: true }];
    await changeCommunity(hub, lieu, { questions });
    const { subject, email } = await request('camille', '<b>Les vélos</b>');
    const browser = await signIn(owner);
    const page = await browser.open(`${issuer}/admin/requests`);
    const entry = page.document.querySelector(`#request-${subject}`);
    expect(entry?.text).toContain('Que savez-vous réparer\u202f?');
    expect(entry?.innerHTML).toContain('&lt;b&gt;Les vélos&lt;/b&gt;');
    const done = await browser.submit(page, `#request-${subject} form`);
    expect(notice(done)).toMatch(/^C’est fait/);
    expect(await statusOf(subject)).toBe('active');
    expect((await mails(email)).map(({ template }) => template)).toEqual(['request-approved']);
    const camille = new Browser();
    const home = await camille.submit(await camille.open(`${issuer}/login`), '#login-form', {
      username: 'camille',
      password: NEW_PASSWORD,
    });
    expect(heading(home)).toBe('Mes services');
  });

  it('that is refused is told so, with the reason, which stands in no event', async () => {
    const { subject, email } = await request('camille');
    const browser = await signIn(owner);
    const page = await browser.open(`${issuer}/admin/requests`);
    const done = await browser.submit(page, `#refuse-form-${subject}`, {
      reason: 'Le local est plein.',
    });
    expect(notice(done)).toMatch(/^La demande est refusée/);
    expect(await statusOf(subject)).toBe('left');
    expect(await mails(email)).toMatchObject([
      { template: 'request-refused', data: { reason: 'Le local est plein.' } },
    ]);
    const events = await hub.database.query(
      `SELECT type, actor, details FROM events WHERE subject = $1 AND type = 'member.refused'`,
      [subject],
    );
    expect(events).toEqual([
      { type: 'member.refused', actor: `member:${owner.subject}`, details: {} },
    ]);
  });

  it('of somebody who was refused is possible again after 30 days, under the same name', async () => {
    const { subject, email } = await request('camille');
    const browser = await signIn(owner);
    const page = await browser.open(`${issuer}/admin/requests`);
    await browser.submit(page, `#refuse-form-${subject}`);
    await askToRegister(issuer, email);
    await requestsDone(hub.database, lieu.id);
    expect((await mails(email)).at(-1)).toMatchObject({
      template: 'registration-known',
      data: { standing: 'refused' },
    });
    // A link from before the refusal opens nothing either.
    const place = { database: hub.database, issuer };
    const early = await openRegistration(place, lieu.id, email);
    const details = { username: 'autre', display_name: 'C', password: NEW_PASSWORD };
    const refused = await early.browser.submit(early.page, '#newcomer-form', details);
    expect(refused.status).toBe(404);

    await hub.database.query(
      `UPDATE events SET at = now() - interval '31 days' WHERE subject = $1`,
      [subject],
    );
    const again = await request('camille');
    expect(again.subject).not.toBe(subject);
    expect(await statusOf(again.subject)).toBe('requested');
    const [before] = await hub.database.query(
      `SELECT m.username, m.display_name, m.email, p.password_hash FROM memberships m
       JOIN persons p ON p.id = m.person_id WHERE m.subject = $1`,
      [subject],
    );
    expect(before).toEqual({
      username: `refused-${subject}`,
      display_name: `refused-${subject}`,
      email: null,
      password_hash: null,
    });
  });

  it('is decided once, by the first of two admins', async () => {
    const { subject } = await request('camille');
    const other = await buildMember(hub.database, lieu.id, { role: 'admin' });
    const [one, two] = [await signIn(owner), await signIn(other)];
    const [first, second] = [
      await one.open(`${issuer}/admin/requests`),
      await two.open(`${issuer}/admin/requests`),
    ];
    const answers = await Promise.all([
      one.submit(first, `#request-${subject} form`),
      two.submit(second, `#refuse-form-${subject}`),
    ]);
    const decided = answers.filter((page) => /déjà répondu/.test(notice(page) ?? ''));
    expect(decided).toHaveLength(1);
    const events = await hub.database.query(
      `SELECT type FROM events WHERE subject = $1 AND type IN ('member.admitted', 'member.refused')`,
      [subject],
    );
    expect(events).toHaveLength(1);
  });

  it('of another community is not found', async () => {
    const neighbour = await buildCommunity(hub.database);
    const foreign = await buildMember(hub.database, neighbour.id, { status: 'requested' });
    const { subject } = await request('camille');
    const browser = await signIn(owner);
    const page = await browser.open(`${issuer}/admin/requests`);
    for (const wrong of [foreign.subject, randomUUID(), 'x', ''])
      expect(
        (await browser.submit(page, `#request-${subject} form`, { subject: wrong })).status,
      ).toBe(404);
    expect(await statusOf(foreign.subject)).toBe('requested');
  });
});

describe('inviting', () => {
  const form = (fields: Record<string, string> = {}) => ({
    label: 'Bénévoles',
    uses: 'one',
    days: '7',
    role: 'member',
    ...fields,
  });
  const make = async (browser: Browser, fields: Record<string, string> = {}) => {
    const page = await browser.open(`${issuer}/admin/invitations`);
    const hidden = Object.fromEntries(
      page.document.querySelectorAll('input[type=checkbox]').map((box) => [box.id, '']),
    );
    return browser.submit(page, '#invitation-form', { ...hidden, ...form(fields) });
  };
  const linkOn = (page: Page) => page.document.querySelector('#link')?.text ?? '';

  it('gives a link, as text and as a QR code, that can be looked at again', async () => {
    const browser = await signIn(owner);
    const page = await make(browser);
    expect(notice(page)).toMatch(/^L’invitation est prête/);
    expect(linkOn(page)).toMatch(new RegExp(`^${issuer}/invitations/[\\w-]{43}$`));
    expect(page.document.querySelector('#qr')?.getAttribute('src')).toMatch(
      /^data:image\/svg\+xml;base64,/,
    );
    const again = await browser.open(page.url.replace(/\?.*/, ''));
    expect(linkOn(again)).toBe(linkOn(page));
    expect((await new Browser().open(linkOn(page))).status).toBe(200);
    const [row] = await hub.database.query(
      `SELECT row_to_json(i)::text AS text FROM invitations i WHERE community_id = $1`,
      [lieu.id],
    );
    expect(row.text).not.toContain(linkOn(page).split('/').at(-1));
    const events = await hub.database.query(
      `SELECT details FROM events WHERE community_id = $1 AND type = 'invitation.created'`,
      [lieu.id],
    );
    expect(JSON.stringify(events)).not.toContain(linkOn(page).split('/').at(-1));
  });

  it('by mail sends each address a link of its own, for one person', async () => {
    const browser = await signIn(owner);
    const page = await make(browser, {
      emails: 'sam@exemple.fr, lou@exemple.fr\nSAM@exemple.fr',
      uses: 'many',
    });
    expect(notice(page)).toMatch(/partent par e-mail/);
    const rows = await hub.database.query(
      'SELECT id, email, max_uses FROM invitations WHERE community_id = $1 ORDER BY email',
      [lieu.id],
    );
    expect(rows).toMatchObject([
      { email: 'lou@exemple.fr', max_uses: 1 },
      { email: 'sam@exemple.fr', max_uses: 1 },
    ]);
    expect(await mails('lou@exemple.fr')).toMatchObject([
      {
        template: 'invitation',
        data: { invitedBy: 'Noémie' },
        link: { kind: 'invitation', invitation: rows[0].id },
      },
    ]);
  });

  it('by mail leads in whoever opens the link', async () => {
    await make(await signIn(owner), { emails: 'invitee@exemple.fr' });
    const browser = new Browser();
    const page = await browser.open(await linkIn(hub, 'invitee@exemple.fr'));
    const home = await browser.submit(page, '#newcomer-form', {
      display_name: 'Invitée',
      password: NEW_PASSWORD,
    });
    expect(heading(home)).toBe('Mes services');
  });

  it('gives groups, a number of uses and days', async () => {
    const group = await buildGroup(hub.database, lieu.id, 'atelier');
    await hub.app.settle();
    const browser = await signIn(owner);
    await make(browser, { groups: group.id, uses: 'many', max_uses: '40', days: '30' });
    const [row] = await hub.database.query(
      `SELECT max_uses, round(extract(epoch FROM expires_at - now()) / 86400)::int AS days,
         (SELECT array_agg(group_id) FROM invitation_groups) AS groups
       FROM invitations WHERE community_id = $1`,
      [lieu.id],
    );
    expect(row).toEqual({ max_uses: 40, days: 30, groups: [group.id] });
  });

  it('says what is wrong, and keeps what was typed', async () => {
    const browser = await signIn(owner);
    const page = await make(browser, {
      label: '',
      emails: 'sam@, lou@exemple.fr',
      uses: 'many',
      max_uses: '0',
    });
    expect(page.status).toBe(400);
    expect(Object.keys(faultsOf(page)).sort()).toEqual(['emails', 'label', 'max_uses']);
    expect(page.document.querySelector('#emails')?.text).toBe('sam@, lou@exemple.fr');
    expect(page.document.querySelector('#uses-many')?.getAttribute('checked')).toBeDefined();
  });

  it('an admin neither gives a role, nor sees or ends an invitation that gives one', async () => {
    const url = (await make(await signIn(owner), { role: 'owner' })).url.replace(/\?.*/, '');
    const admin = await buildMember(hub.database, lieu.id, { role: 'admin' });
    const browser = await signIn(admin);
    const refused = await make(browser, { role: 'admin' });
    expect(faultsOf(refused)).toHaveProperty('role');
    const page = await browser.open(url);
    expect(page.status).toBe(200);
    expect(page.document.querySelector('#link')).toBeNull();
    expect(page.text).not.toContain('data:image');
    const mine = await make(browser);
    const ended = await browser.submit({ ...mine, url }, '#revoke-form', {});
    expect(notice(ended)).toMatch(/retirée/);
    const csrf = mine.document.querySelector('#revoke-form [name=csrf]')?.getAttribute('value');
    const forced = await browser.open(url, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ csrf: csrf as string }).toString(),
    });
    expect(forced.status).toBe(403);
  });

  it('can be taken back: the link opens nothing any more', async () => {
    const browser = await signIn(owner);
    const page = await make(browser);
    const list = await browser.submit(page, '#revoke-form');
    expect(notice(list)).toMatch(/retirée/);
    expect((await new Browser().open(linkOn(page))).status).toBe(410);
    const shown = await browser.open(page.url);
    expect(shown.document.querySelector('#link')).toBeNull();
  });

  it('by another community’s id is not found', async () => {
    const neighbour = await buildCommunity(hub.database);
    const other = await buildMember(hub.database, neighbour.id, { role: 'owner' });
    const page = await make(await signIn(owner));
    const id = new URL(page.url).pathname.split('/').at(-1);
    const at = `${hub.url}/c/${neighbour.slug}`;
    const browser = await signIn(other, at);
    expect((await browser.open(`${at}/admin/invitations/${id}`)).status).toBe(404);
    expect((await browser.open(`${at}/admin/invitations/x`)).status).toBe(404);
  });
});
