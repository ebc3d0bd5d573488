import { beforeEach, describe, expect, it } from 'vitest';
import { setPassword } from '../src/domain/memberships/set-password.ts';
import { hashPassword } from '../src/domain/people/password.ts';
import { buildElsewhere, giveTotp } from './support/belongings.ts';
import { Browser, type Page } from './support/browser.ts';
import { type BuiltMember, buildCommunity, PASSWORD } from './support/factories.ts';
import { useHub } from './support/use-hub.ts';

const NEW = 'sept oignons et une brouette';

const hub = useHub({ env: { TROUSSEAU_ROLES: 'web' }, community: {} });
let member: BuiltMember;
let browser: Browser;

beforeEach(async () => {
  member = await hub.newMember();
  browser = await signIn(PASSWORD);
});

const at = (path: string, { slug } = hub.community) => `${hub.url}/c/${slug}${path}`;

async function signIn(password: string, place = hub.community): Promise<Browser> {
  const visitor = new Browser();
  const page = await visitor.open(at('/login', place));
  await visitor.submit(page, '#login-form', { username: member.username, password });
  return visitor;
}

const isIn = async (visitor: Browser, place = hub.community) =>
  !(await visitor.open(at('/account', place))).url.includes('/login');

async function change(password: string): Promise<Page> {
  const page = await browser.open(at('/account/password'));
  return browser.submit(page, '#password-form', { password });
}

describe('changing the password', () => {
  it('ends the other sessions, in every community of the person, and not this one', async () => {
    const other = await buildCommunity(hub.database);
    await buildElsewhere(hub.database, other.id, member);
    const [telephone, elsewhere] = [await signIn(PASSWORD), await signIn(PASSWORD, other)];
    expect([await isIn(telephone), await isIn(elsewhere, other)]).toEqual([true, true]);
    const page = await change(NEW);
    expect(page.url).toBe(at('/account/password?notice=changed'));
    expect(await isIn(browser)).toBe(true);
    expect([await isIn(telephone), await isIn(elsewhere, other)]).toEqual([false, false]);
    expect(await isIn(await signIn(PASSWORD))).toBe(false);
    expect(await isIn(await signIn(NEW))).toBe(true);
    const events = await hub.database.query<{ text: string }>(
      `SELECT to_jsonb(e)::text AS text FROM events e WHERE community_id = $1 AND type = 'member.password-changed'`,
      [other.id],
    );
    expect(events).toHaveLength(1);
    expect(events[0]?.text).not.toContain(member.subject);
  });

  it('is told to the member, once', async () => {
    await change(NEW);
    const mails = await hub.database.query(
      `SELECT 1 FROM outbox WHERE payload ->> 'template' = 'password-changed' AND payload ->> 'to' = $1`,
      [member.email],
    );
    expect(mails).toHaveLength(1);
  });

  it.each([
    ['', 'Choisissez'],
    ['trop court', '15 caractères'],
    ['motdepassemotdepasse', 'deviné'],
    ['x'.repeat(2_000), '1 024'],
  ])('%j is refused beside its field, and never shown again', async (password, words) => {
    const page = await change(password);
    expect(page.status).toBe(400);
    expect(page.document.querySelector('#fault-password')?.text).toContain(words);
    expect(page.document.querySelector('#password')?.getAttribute('value')).toBeUndefined();
    expect(await isIn(await signIn(PASSWORD))).toBe(true);
  });

  it("is refused for the member's own names", async () => {
    const page = await change(`${member.username}${member.username}${member.username}`);
    expect(page.document.querySelector('#fault-password')?.text).toContain('nom');
  });

  it('may be a shorter one behind a second factor, which then has to stay', async () => {
    await giveTotp(hub, member);
    await hub.database.query(
      `UPDATE sessions SET payload = payload || '{"acr": "https://refeds.org/profile/mfa"}' WHERE subject = $1`,
      [member.subject],
    );
    await hub.app.settle();
    expect((await change('vx7kq2mhbt')).status).toBe(200);
    const [person] = await hub.database.query('SELECT password_short FROM persons WHERE id = $1', [
      member.personId,
    ]);
    expect(person).toEqual({ password_short: true });
  });

  it('is no short one any more when the second factor goes at the same moment', async () => {
    const hash = await hashPassword('vx7kq2mhbt');
    const short = hub.database.transaction((tx) =>
      setPassword(tx, hub.community.id, member.subject, hash, `member:${member.subject}`, {
        isShort: true,
      }),
    );
    await expect(short).rejects.toMatchObject({ code: 'short-password' });
    expect(await isIn(await signIn(PASSWORD))).toBe(true);
  });

  it('is open to whoever has signed in lately, and to nobody without a token of the form', async () => {
    const page = await browser.open(at('/account/password'));
    const forged = await browser.submit(page, '#password-form', { csrf: 'x', password: NEW });
    expect(forged.status).toBe(403);
    await hub.database.query(
      `UPDATE sessions SET payload = payload || jsonb_build_object('loginTs', (payload ->> 'loginTs')::int - 601) WHERE subject = $1`,
      [member.subject],
    );
    await hub.app.settle();
    const late = await browser.submit(page, '#password-form', { password: NEW });
    expect(late.url).toContain('/login?return_to=%2Faccount');
    expect(await isIn(await signIn(PASSWORD))).toBe(true);
  });
});
