import { beforeEach, describe, expect, it } from 'vitest';
import { eraseDuePersons } from '../src/domain/account-deletion/erase-person.ts';
import { buildElsewhere } from './support/belongings.ts';
import { Browser, type Page } from './support/browser.ts';
import { type BuiltMember, buildCommunity, buildMember, PASSWORD } from './support/factories.ts';
import { useHub } from './support/use-hub.ts';

const hub = useHub({ env: { TROUSSEAU_ROLES: 'web' }, community: {}, neighbour: {} });
let member: BuiltMember;
/** The same person in the other community. */
let elsewhere: string;
let browser: Browser;

beforeEach(async () => {
  member = await hub.newMember();
  elsewhere = await buildElsewhere(hub.database, hub.neighbour.id, member);
  browser = await signIn();
});

const at = (path: string, { slug } = hub.community) => `${hub.url}/c/${slug}${path}`;

async function signIn(): Promise<Browser> {
  const visitor = new Browser({ stopAt: (url) => url.hostname.endsWith('.example') });
  await visitor.signIn(at('/login'), { username: member.username, password: PASSWORD });
  return visitor;
}

async function confirm(path: 'leave' | 'delete', typed = member.username): Promise<Page> {
  const page = await browser.open(at(`/account/${path}`));
  return browser.submit(page, `#${path}-form`, { confirm: typed });
}

async function membership(subject: string) {
  const [row] = await hub.database.query(
    `SELECT status, status_reason AS reason, username, display_name AS name, email, role
     FROM memberships WHERE subject = $1`,
    [subject],
  );
  return row;
}

const mailsOf = (subject: string) =>
  hub.database.query<{ template: string; to: string }>(
    `SELECT payload ->> 'template' AS template, payload ->> 'to' AS to FROM outbox
     WHERE kind = 'mail' AND payload ->> 'to' LIKE $1 ORDER BY id`,
    [`${subject}@%`],
  );

/** Takes back what a form changes before the form is answered, as an admin or another window may. */
async function takenBack(
  table: 'memberships' | 'persons',
  change: string,
  work: () => Promise<Page>,
): Promise<Page> {
  const key = table === 'persons' ? 'id' : 'subject';
  await hub.database.query(
    `CREATE FUNCTION take_back() RETURNS trigger LANGUAGE plpgsql AS
       $$ BEGIN UPDATE ${table} SET ${change} WHERE ${key} = NEW.${key}; RETURN NULL; END $$`,
  );
  await hub.database.query(
    `CREATE CONSTRAINT TRIGGER tr_take_back AFTER UPDATE ON ${table} DEFERRABLE INITIALLY DEFERRED
       FOR EACH ROW WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION take_back()`,
  );
  try {
    return await work();
  } finally {
    await hub.database.query('DROP FUNCTION take_back() CASCADE');
  }
}

describe('leaving a community', () => {
  it('closes the membership there and no other, ends its sessions, and says so', async () => {
    const page = await confirm('leave');
    expect(page.document.querySelector('#left')).not.toBeNull();
    expect(await membership(member.subject)).toMatchObject({ status: 'left' });
    expect(await membership(elsewhere)).toMatchObject({ status: 'active' });
    expect((await browser.open(at('/account'))).url).toBe(at('/login?return_to=%2Faccount'));
    expect(await mailsOf(member.username)).toEqual([
      { template: 'left', to: `${member.username}@lieu.example` },
    ]);
  });

  it('is refused when the username is not typed, and keeps what was', async () => {
    const page = await confirm('leave', 'alise');
    expect(page.status).toBe(400);
    expect(page.document.querySelector('#confirm')?.getAttribute('value')).toBe('alise');
    expect(await membership(member.subject)).toMatchObject({ status: 'active' });
  });

  it('that is taken back at that moment leads to the home, where one may sign in', async () => {
    const page = await takenBack('memberships', `status = 'active'`, () => confirm('leave'));
    expect([page.status, page.url.replace(/\/$/, '')]).toEqual([200, at('')]);
    expect(page.document.querySelector('#sign-in')).not.toBeNull();
    expect(await membership(member.subject)).toMatchObject({ status: 'active' });
  });

  it('is refused to the last owner; of two who go at once, one stays', async () => {
    const lieu = await buildCommunity(hub.database);
    const owners = [
      await buildMember(hub.database, lieu.id, { role: 'owner' }),
      await buildMember(hub.database, lieu.id, { role: 'owner' }),
    ];
    const pages = await Promise.all(
      owners.map(async ({ username }) => {
        const visitor = new Browser();
        await visitor.signIn(at('/login', lieu), { username, password: PASSWORD });
        const page = await visitor.open(at('/account/leave', lieu));
        return { visitor, page, username };
      }),
    );
    const answers = await Promise.all(
      pages.map(({ visitor, page, username }) =>
        visitor.submit(page, '#leave-form', { confirm: username }),
      ),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 400]);
    const refused = answers.find(({ status }) => status === 400);
    expect(refused?.text).toContain('responsable');
  });

  it('is for whoever has signed in lately', async () => {
    await hub.database.query(
      `UPDATE sessions SET payload = payload || jsonb_build_object('loginTs', (payload ->> 'loginTs')::int - 601)
       WHERE community_id = $1 AND subject = $2`,
      [hub.community.id, member.subject],
    );
    await hub.app.settle();
    const page = await browser.open(at('/account/leave'));
    expect(page.url).toContain('/login?');
    const again = await browser.submit(page, '#login-form', {
      username: member.username,
      password: PASSWORD,
    });
    expect(again.url).toBe(at('/account/leave'));
  });
});

describe('deleting an account', () => {
  it('stops it everywhere at once, and apps get nothing more', async () => {
    const app = await hub.newClient();
    const tokens = await app.tokens(await app.signIn(browser, member.username));
    await confirm('delete');
    expect(await membership(member.subject)).toMatchObject({
      status: 'suspended',
      reason: 'deletion',
    });
    expect(await membership(elsewhere)).toMatchObject({ status: 'suspended' });
    expect((await app.userinfo(tokens.access_token)).status).toBe(401);
    expect((await mailsOf(member.username)).map(({ template }) => template)).toEqual([
      'deletion-requested',
    ]);
  });

  it('that is taken back at that moment leads to the home, where one may sign in', async () => {
    const page = await takenBack('persons', 'deletion_due_at = NULL', () => confirm('delete'));
    expect([page.status, page.url.replace(/\/$/, '')]).toEqual([200, at('')]);
    expect(page.document.querySelector('#sign-in')).not.toBeNull();
  });

  it('is taken back by signing in and saying so, not by signing in alone', async () => {
    await confirm('delete');
    const visitor = await signIn();
    expect((await visitor.open(at('/account'))).url).toBe(at('/login?return_to=%2Faccount'));
    const decision = await visitor.open(at('/login/decision'));
    expect(decision.document.querySelector('#stay')).not.toBeNull();
    // A step of the way in, as the others are.
    expect(decision.document.querySelector('main.card')).not.toBeNull();
    const home = await visitor.submit(decision, '#stay-form');
    expect(home.url.replace(/\/$/, '')).toBe(at(''));
    expect(await membership(member.subject)).toMatchObject({ status: 'active', reason: null });
    expect(await membership(elsewhere)).toMatchObject({ status: 'active' });
    const again = await visitor.submit(decision, '#stay-form');
    expect(again.url.replace(/\/$/, '')).toBe(at(''));
  });

  it('an app that asked for the sign-in gets its answer after the decision', async () => {
    await confirm('delete');
    const app = await hub.newClient();
    const visitor = new Browser({ stopAt: (url) => url.hostname.endsWith('.example') });
    const login = await visitor.open(app.authorizationUrl());
    const decision = await visitor.submit(login, '#login-form', {
      username: member.username,
      password: PASSWORD,
    });
    expect(decision.url).toMatch(/\/login\/[\w-]+\/decision$/);
    const notice = await visitor.submit(decision, '#stay-form');
    const back = await visitor.submit(notice, '#consent-form', {}, '#consent-allow');
    expect(app.answer(back).get('code')).toBeTruthy();
  });

  it('forgets the person after a fortnight, and keeps the nameless subject', async () => {
    await confirm('delete');
    const later = new Date(Date.now() + 13 * 86_400_000);
    expect(await eraseDuePersons(hub.database, new URL(hub.url), { now: later })).toBe(0);
    const due = new Date(Date.now() + 15 * 86_400_000);
    expect(await eraseDuePersons(hub.database, new URL(hub.url), { now: due })).toBeGreaterThan(0);
    for (const subject of [member.subject, elsewhere]) {
      expect(await membership(subject)).toEqual({
        status: 'left',
        reason: null,
        username: `deleted-${subject.slice(0, 8)}`,
        name: `deleted-${subject.slice(0, 8)}`,
        email: null,
        role: 'member',
      });
    }
    const [person] = await hub.database.query(
      `SELECT p.password_hash, (SELECT count(*)::int FROM person_emails e WHERE e.person_id = p.id) AS emails
       FROM persons p WHERE p.id = $1`,
      [member.personId],
    );
    expect(person).toEqual({ password_hash: null, emails: 0 });
    const events = await hub.database.query(
      'SELECT details::text FROM events WHERE subject = ANY($1)',
      [[member.subject, elsewhere]],
    );
    expect(JSON.stringify(events)).not.toContain(member.username);
    expect((await mailsOf(member.username)).at(-1)?.template).toBe('deletion-done');
  });

  it('forgets them under another name where somebody took the one they were to have', async () => {
    const taken = await hub.newMember({
      username: `deleted-${member.subject.slice(0, 8)}`,
    });
    await confirm('delete');
    const due = new Date(Date.now() + 15 * 86_400_000);
    await eraseDuePersons(hub.database, new URL(hub.url), { now: due });
    const { status, username } = await membership(member.subject);
    expect(status).toBe('left');
    expect(username).toMatch(/^deleted-[0-9a-f]{8}$/);
    expect(await membership(taken.subject)).toMatchObject({ username: taken.username });
  });

  it('leaves no row behind but nameless ones, in whatever table', async () => {
    await confirm('delete');
    await signIn();
    const due = new Date(Date.now() + 15 * 86_400_000);
    await eraseDuePersons(hub.database, new URL(hub.url), { now: due });
    const columns = await hub.database.query<{ table: string; column: string }>(
      `SELECT c.table_name AS table, c.column_name AS column FROM information_schema.columns c
         JOIN information_schema.tables t USING (table_schema, table_name)
       WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE'
         AND c.column_name IN ('subject', 'person_id', 'recipient', 'payload', 'details') ORDER BY 1, 2`,
    );
    const left: string[] = [];
    for (const { table, column } of columns) {
      const rows = await hub.database.query(
        `SELECT 1 FROM "${table}" WHERE "${column}"::text LIKE ANY($1) LIMIT 1`,
        [[member.subject, elsewhere, member.personId, member.username].map((id) => `%${id}%`)],
      );
      if (rows.length > 0) left.push(`${table}.${column}`);
    }
    // The last message, on its way, is deleted when it is sent; the trail keeps who it was about, not what.
    expect(left).toEqual([
      'events.subject',
      'memberships.person_id',
      'memberships.subject',
      'outbox.payload',
    ]);
  });

  it('is refused to whoever runs the hub', async () => {
    // No command makes an operator of somebody who is known: it could be one from the first days.
    await hub.database.query('INSERT INTO operators (person_id, email) VALUES ($1, $2)', [
      member.personId,
      `${member.username}@hub.example`,
    ]);
    const page = await confirm('delete');
    expect(page.status).toBe(400);
    expect(await membership(member.subject)).toMatchObject({ status: 'active' });
  });

  it("tells no community of the person's others", async () => {
    await confirm('delete');
    const rows = await hub.database.query<{ text: string }>(
      'SELECT to_jsonb(e)::text AS text FROM events e WHERE community_id = $1 AND subject = $2',
      [hub.neighbour.id, elsewhere],
    );
    expect(rows.length).toBeGreaterThan(0);
    for (const { text } of rows) {
      expect(text).not.toContain(hub.community.id);
      expect(text).not.toContain(member.subject);
    }
  });
});
