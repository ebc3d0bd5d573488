import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createInvitation } from '../src/domain/invitations/create-invitation.ts';
import { sendRaw } from './security/raw-request.ts';
import { Browser } from './support/browser.ts';
import {
  type BuiltCommunity,
  buildCommunity,
  buildGroup,
  buildMember,
  changeCommunity,
  giveHosts,
} from './support/factories.ts';
import { JoinVisit } from './support/join-visit.ts';
import { mailsTo } from './support/newcomers.ts';
import { useHub } from './support/use-hub.ts';

const hub = useHub({ env: { TROUSSEAU_ROLES: 'web' }, community: { slug: 'chez-moi' } });
let open: BuiltCommunity;
let onApproval: BuiltCommunity;
let closed: BuiltCommunity;
let visit: JoinVisit;

beforeAll(async () => {
  open = await buildCommunity(hub.database, { slug: 'ouverte', registration: 'open' });
  onApproval = await buildCommunity(hub.database, { slug: 'choisie', registration: 'approval' });
  closed = await buildCommunity(hub.database, { slug: 'fermee', registration: 'closed' });
});
beforeEach(async () => {
  visit = await newVisit();
});

async function newVisit(): Promise<JoinVisit> {
  const member = await hub.newMember();
  await hub.database.query('UPDATE person_emails SET proven_at = now() WHERE person_id = $1', [
    member.personId,
  ]);
  return new JoinVisit(hub, hub.community, member, new Browser());
}

const at = (path: string, { slug }: BuiltCommunity) => `${hub.url}/c/${slug}${path}`;

async function invite(maxUses: number, groupIds: string[] = []): Promise<string> {
  const wish = { label: 'essai', role: 'member' as const, groupIds, days: 2, maxUses };
  const { token } = await hub.database.transaction((tx) =>
    createInvitation(tx, hub.sealer, closed.id, wish, 'cli'),
  );
  return token;
}

describe('joining another community of the hub', () => {
  it('asks first, gives what was chosen, and opens it with the same password', async () => {
    const { username, email } = visit.member;
    const page = await visit.toConfirmation(open);
    expect(page.document.querySelector('#username')?.getAttribute('value')).toBe(username);
    expect(await visit.membership(open)).toBeUndefined();
    const done = await visit.confirm(page, {
      username: `${username}-ici`,
      display_name: 'Moi, ici',
      given_name: 'Moi',
    });
    expect(done.url).toBe(at('/login?notice=joined', open));
    expect(await visit.membership(open)).toMatchObject({
      username: `${username}-ici`,
      display_name: 'Moi, ici',
      given_name: 'Moi',
      status: 'active',
      role: 'member',
      email,
    });
    const fields = { username: `${username}-ici`, password: 'correct horse battery staple' };
    const inside = await visit.browser.submit(done, '#login-form', fields);
    expect(inside.url.replace(/\/$/, '')).toBe(at('', open));
    const mails = await mailsTo(hub.database, open.id, email);
    expect(mails.map(({ template }) => template)).toContain('joined');
  });

  it('tells neither community of the other', async () => {
    await visit.confirm(await visit.toConfirmation(open));
    const joined = await visit.membership(open);
    const of = async (community: BuiltCommunity, table: string) =>
      JSON.stringify(
        await hub.database.query(`SELECT to_jsonb(t) FROM ${table} t WHERE community_id = $1`, [
          community.id,
        ]),
      );
    for (const table of ['events', 'outbox', 'links', 'sessions', 'pending_sign_ins']) {
      const here = await of(hub.community, table);
      for (const word of [open.id, open.slug, joined.subject]) expect(here).not.toContain(word);
      const there = await of(open, table);
      for (const word of [hub.community.id, hub.community.slug, visit.member.subject])
        expect(there).not.toContain(word);
    }
  });

  it('waits for an admin where the community approves, with the answers to its questions', async () => {
    const admin = await buildMember(hub.database, onApproval.id, { role: 'owner' });
    await changeCommunity(hub, onApproval, { questions: [{ text: 'Qui ?', required: true }] });
    const [question] = await hub.database.query<{ id: string }>(
      'SELECT id FROM registration_questions WHERE community_id = $1',
      [onApproval.id],
    );
    const page = await visit.toConfirmation(onApproval);
    const refused = await visit.confirm(page, { display_name: 'Moi, là-bas' });
    expect(refused.status).toBe(400);
    const typed = refused.document.querySelector('#display_name')?.getAttribute('value');
    expect(typed).toBe('Moi, là-bas');
    const done = await visit.confirm(refused, { [`answer-${question?.id}`]: 'Moi' });
    expect(done.url).toBe(at('/login?notice=requested', onApproval));
    const { subject, status } = await visit.membership(onApproval);
    expect(status).toBe('requested');
    const answers = await hub.database.query(
      'SELECT answer FROM registration_answers WHERE community_id = $1 AND subject = $2',
      [onApproval.id, subject],
    );
    expect(answers).toEqual([{ answer: 'Moi' }]);
    const mails = await mailsTo(hub.database, onApproval.id, admin.email);
    expect(mails.map(({ template }) => template)).toEqual(['request-received']);
  });

  it('by an invitation gives its groups, in a closed community, too, and keeps its token sealed', async () => {
    const group = await buildGroup(hub.database, closed.id);
    const token = await invite(1, [group.id]);
    const page = await visit.fromInvitation(closed, token);
    expect(page.text).toContain(group.name);
    const links = await hub.database.query('SELECT details FROM links WHERE community_id = $1', [
      closed.id,
    ]);
    expect(JSON.stringify(links)).not.toContain(token);
    await visit.confirm(page);
    const { subject } = await visit.membership(closed);
    const inside = await hub.database.query(
      'SELECT 1 AS one FROM group_members WHERE community_id = $1 AND group_id = $2 AND subject = $3',
      [closed.id, group.id, subject],
    );
    expect(inside).toHaveLength(1);
    expect((await new Browser().open(at(`/invitations/${token}`, closed))).status).toBe(410);
  });

  it('lets one of two in who come at once by an invitation for one', async () => {
    const token = await invite(1);
    const visits = [visit, await newVisit()];
    const pages = await Promise.all(visits.map((one) => one.fromInvitation(closed, token)));
    const answers = await Promise.all(
      visits.map((one, n) => one.confirm(pages[n] as (typeof pages)[number])),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
    const rows = await Promise.all(visits.map((one) => one.membership(closed)));
    expect(rows.filter((row) => row !== undefined)).toHaveLength(1);
  });

  it('counts once when it is confirmed twice at once', async () => {
    const { username } = visit.member;
    const page = await visit.toConfirmation(open);
    const answers = await Promise.all([
      visit.confirm(page, { username: `${username}-a` }),
      visit.confirm(page, { username: `${username}-b` }),
    ]);
    // Both lead on: it is one browser that did it once.
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    const [row] = await hub.database.query(
      `SELECT count(*)::int AS n FROM memberships WHERE username LIKE $1 || '-_'`,
      [username],
    );
    expect(row.n).toBe(1);
    // The link leads whoever used it on; anybody else has to sign in first.
    expect((await visit.browser.open(page.url)).url).not.toBe(page.url);
    expect((await new Browser().open(page.url)).url).toContain('/login?');
  });

  it('leads to each community where its members have their passkeys', async () => {
    const withHost = await buildCommunity(hub.database, { registration: 'open' });
    await giveHosts(hub, withHost, ['login.lieu.example']);
    const register = await visit.browser.open(at('/register', open));
    const choice = await visit.browser.submit(register, '#join-form');
    expect(choice.url).toMatch(new RegExp(`^${hub.url}/join/ouverte/[\\w-]{43}$`));
    expect(choice.text).toContain('https://login.lieu.example/account/join/ouverte/');
    // A browser holds form-action against redirects: the one from there to the hub must be allowed.
    const headers = { host: 'login.lieu.example' };
    const { headers: there } = await sendRaw(hub, '/register', { headers });
    expect(there['content-security-policy']).not.toContain('form-action');
    expect(register.headers.get('content-security-policy')).toContain("form-action 'self'");
  });

  it('keeps the language on the hub’s page', async () => {
    const register = await visit.browser.open(at('/register', open));
    const choice = await visit.browser.submit(register, '#join-form');
    const english = await visit.browser.submit(choice, 'form.language', {}, '#language-en');
    expect(english.url).toBe(choice.url);
    expect(english.document.querySelector('html')?.getAttribute('lang')).toBe('en');
  });
});
