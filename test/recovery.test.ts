import { beforeEach, describe, expect, it } from 'vitest';
import { mintLink } from '../src/domain/links/link-store.ts';
import { deliverRecoveryRequest } from '../src/domain/recovery/recovery-request.ts';
import { buildElsewhere, giveTotp } from './support/belongings.ts';
import { Browser, type Page } from './support/browser.ts';
import { type BuiltMember, PASSWORD } from './support/factories.ts';
import { useHub } from './support/use-hub.ts';

const NEW = 'sept oignons et une brouette';

const hub = useHub({ env: { TROUSSEAU_ROLES: 'web' }, community: {}, neighbour: {} });
let member: BuiltMember;

beforeEach(async () => {
  member = await hub.newMember();
});

const at = (path: string, { slug } = hub.community) => `${hub.url}/c/${slug}${path}`;

async function ask(login: string): Promise<Page> {
  const visitor = new Browser();
  const page = await visitor.open(at('/recover'));
  return visitor.submit(page, '#recover-form', { username: login });
}

/** What the worker does with a name. @returns the addresses that were written to */
async function written(login: string): Promise<string[]> {
  const payload = { login, issuerUrl: at(''), locale: 'fr' as const };
  const [before] = await hub.database.query('SELECT COALESCE(max(id), 0) AS id FROM outbox');
  await deliverRecoveryRequest(hub, {
    kind: 'recovery-request',
    communityId: hub.community.id,
    payload,
    id: '1',
    attempts: 1,
  });
  const rows = await hub.database.query<{ to: string }>(
    `SELECT payload ->> 'to' AS to FROM outbox WHERE id > $1 AND payload ->> 'template' = 'recovery'`,
    [before.id],
  );
  return rows.map(({ to }) => to);
}

const link = (change: { email?: string; hours?: number } = {}) =>
  mintLink(hub.database, hub.community.id, {
    kind: 'recovery',
    subject: member.subject,
    email: change.email ?? member.email,
    hours: change.hours ?? 1,
  });

async function signIn(password: string): Promise<{ visitor: Browser; page: Page }> {
  const visitor = new Browser();
  const login = await visitor.open(at('/login'));
  const fields = { username: member.username, password };
  return { visitor, page: await visitor.submit(login, '#login-form', fields) };
}
const isIn = (page: Page) => page.url.replace(/\/$/, '') === at('');

async function reset(token: string, password = NEW): Promise<Page> {
  const visitor = new Browser();
  const page = await visitor.open(at(`/recover/${token}`));
  return visitor.submit(page, '#recover-password-form', { password });
}

describe('asking for a link', () => {
  it('is answered the same to a name that somebody has and to one that nobody has', async () => {
    const [known, unknown] = [await ask(member.username), await ask('personne-de-ce-nom')];
    expect(known.url).toBe(at('/recover/sent'));
    expect(unknown.url).toBe(known.url);
    const plain = ({ text }: Page) => text.replaceAll(/value="[\w-]{40,}"/g, '');
    expect(plain(unknown)).toBe(plain(known));
    const rows = await hub.database.query<{ login: string }>(
      `SELECT payload ->> 'login' AS login FROM outbox WHERE kind = 'recovery-request' ORDER BY id DESC LIMIT 2`,
    );
    expect(rows.map(({ login }) => login).sort()).toEqual(
      [member.username, 'personne-de-ce-nom'].sort(),
    );
  });

  it('writes to the address of the account, once in a while', async () => {
    expect(await written(member.email.toUpperCase())).toEqual([member.email]);
    expect(await written(member.username)).toEqual([]);
  });

  it.each(['suspended', 'left', 'requested'])('writes to nobody who is %s', async (status) => {
    await hub.database.query('UPDATE memberships SET status = $2 WHERE subject = $1', [
      member.subject,
      status,
    ]);
    expect(await written(member.username)).toEqual([]);
  });

  it('writes to no address that a community gave to somebody with a life elsewhere', async () => {
    await buildElsewhere(hub.database, hub.neighbour.id, member);
    expect(await written(member.username)).toEqual([]);
    await hub.database.query('UPDATE person_emails SET proven_at = now() WHERE person_id = $1', [
      member.personId,
    ]);
    expect(await written(member.username)).toEqual([member.email]);
  });

  it('is stopped after a few tries for one name', async () => {
    const statuses: number[] = [];
    for (let n = 0; n < 7; n += 1) statuses.push((await ask(member.username)).status);
    expect(statuses).toContain(429);
  });
});

describe('a recovery link', () => {
  it('opens nothing once the password was changed by somebody who was warned by its message', async () => {
    const token = await link();
    await hub.database.query(
      `UPDATE persons SET password_changed_at = now() + interval '1 second' WHERE id = $1`,
      [member.personId],
    );
    const page = await new Browser().open(at(`/recover/${token}`));
    expect(page.document.querySelector('#recover-expired')).not.toBeNull();
  });

  it('is not used up by being looked at, gives a new password once, and ends sessions', async () => {
    const { visitor } = await signIn(PASSWORD);
    const token = await link();
    await new Browser().open(at(`/recover/${token}`));
    expect((await reset(token)).url).toContain('/login?notice=password-changed');
    expect((await visitor.open(at('/account'))).url).toBe(at('/login?return_to=%2Faccount'));
    expect(isIn((await signIn(PASSWORD)).page)).toBe(false);
    expect(isIn((await signIn(NEW)).page)).toBe(true);
    const again = await new Browser().open(at(`/recover/${token}`));
    expect(again.document.querySelector('#recover-expired')).not.toBeNull();
    const events = await hub.database.query(
      `SELECT type FROM events WHERE subject = $1 AND type IN ('member.recovered', 'member.password-changed')`,
      [member.subject],
    );
    expect(events).toHaveLength(2);
  });

  it('counts once when it is sent twice at once', async () => {
    const token = await link();
    const visitors = [new Browser(), new Browser()];
    const pages = await Promise.all(visitors.map((v) => v.open(at(`/recover/${token}`))));
    const answers = await Promise.all(
      visitors.map((v, n) =>
        v.submit(pages[n] as Page, '#recover-password-form', { password: `${NEW} ${n}` }),
      ),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 400]);
  });

  it('takes no second factor away: it is asked for at the sign-in that follows', async () => {
    await giveTotp(hub, member);
    await reset(await link());
    expect((await signIn(NEW)).page.url).toBe(at('/login/second-factor'));
  });

  it('opens nothing when it is cut short, expired, of another community, or the address changed', async () => {
    const token = await link();
    const expired = await link({ hours: -1 });
    const old = await link({ email: 'avant@lieu.example' });
    for (const address of [
      at(`/recover/${token.slice(0, -1)}`),
      at(`/recover/${expired}`),
      at(`/recover/${old}`),
      at(`/recover/${token}`, hub.neighbour),
    ]) {
      const page = await new Browser().open(address);
      expect(page.document.querySelector('#recover-expired'), address).not.toBeNull();
    }
  });

  it('keeps to the rule of passwords, and stays good after a refusal', async () => {
    const token = await link();
    const refused = await reset(token, 'motdepassemotdepasse');
    expect(refused.status).toBe(400);
    expect(refused.document.querySelector('#fault-password')).not.toBeNull();
    expect((await reset(token)).url).toContain('/login');
  });

  it('is worthless once the member is suspended', async () => {
    const token = await link();
    await hub.database.query(`UPDATE memberships SET status = 'suspended' WHERE subject = $1`, [
      member.subject,
    ]);
    const page = await new Browser().open(at(`/recover/${token}`));
    expect(page.document.querySelector('#recover-expired')).not.toBeNull();
  });
});
