import { expect, it } from 'vitest';
import { visit } from './support/account-visits.ts';
import type { Browser } from './support/browser.ts';
import { PASSWORD } from './support/factories.ts';
import { keptMail } from './support/kept-mails.ts';
import { useHub } from './support/use-hub.ts';

const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';

const hub = useHub({ community: { name: 'La MYNE' } });

/** Messages about new devices that were queued for an address, once the worker has looked at all sign-ins. */
async function noticesTo(email: string): Promise<Record<string, string>[]> {
  await expect
    .poll(async () => {
      const [row] = await hub.database.query<{ open: number }>(
        `SELECT count(*)::int AS open FROM outbox WHERE kind = 'new-device' AND done_at IS NULL`,
      );
      return row?.open;
    })
    .toBe(0);
  const rows = await hub.database.query<{ data: Record<string, string> }>(
    `SELECT payload->'data' AS data FROM outbox WHERE kind = 'mail'
       AND payload->>'template' = 'new-device' AND payload->>'to' = $1`,
    [email],
  );
  return rows.map(({ data }) => data);
}

it('the first sign-in of an account is no news', async () => {
  const { member } = await visit(hub, hub.community);
  expect(await noticesTo(member.email)).toEqual([]);
});

it('a sign-in with a browser that the account did not use before is told, in words', async () => {
  const { member } = await visit(hub, hub.community);
  await visit(hub, hub.community, { member, headers: { 'user-agent': FIREFOX } });
  expect(await noticesTo(member.email)).toMatchObject([{ device: 'Firefox, Linux' }]);
  const { text, subject } = await keptMail(hub, member.email, 'Firefox');
  expect(subject).toBe('Nouvelle connexion à votre compte');
  expect(text).toMatch(
    /avec Firefox, Linux, depuis l’adresse réseau 127\.0\.0\.1, le \d+(ᵉʳ)?\s\S+ \d{4}/,
  );
  expect(text).toContain(`/c/${hub.community.slug}/account/sessions`);
});

it('a browser that says nothing of itself is told of, too', async () => {
  const { member } = await visit(hub, hub.community);
  await visit(hub, hub.community, { member, headers: { 'user-agent': '' } });
  expect((await keptMail(hub, member.email)).text).toContain(
    'un navigateur qui ne dit pas son nom',
  );
});

it('the same browser again is no news', async () => {
  const { member, browser, at } = await visit(hub, hub.community);
  await browser.submit(await browser.open(at('/')), 'form[action$="/sign-out-everywhere"]');
  const page = await browser.open(at('/login'));
  const login = { username: member.username, password: PASSWORD };
  expect((await browser.submit(page, '#login-form', login)).status).toBe(200);
  expect(await noticesTo(member.email)).toEqual([]);
});

it('a browser that was in before the password was changed is told of again; the one that changed it is not', async () => {
  const { member, browser, at } = await visit(hub, hub.community);
  const { browser: other } = await visit(hub, hub.community, {
    member,
    headers: { 'user-agent': FIREFOX },
  });
  const password = 'trois brouettes et un chaudron';
  const page = await browser.open(at('/account/password'));
  await browser.submit(page, '#password-form', { password });
  const before = await noticesTo(member.email);
  const again = async (who: Browser) => {
    const here = await who.open(at('/'));
    const out = 'form[action$="/sign-out-everywhere"]';
    if (here.document.querySelector(out) !== null) await who.submit(here, out);
    const login = { username: member.username, password };
    const home = await who.submit(await who.open(at('/login')), '#login-form', login);
    expect(home.document.querySelector('#login-form')).toBeNull();
    return (await noticesTo(member.email)).length - before.length;
  };
  expect(await again(browser)).toBe(0);
  // As if the change was some time ago: clocks may differ by two seconds.
  await hub.database.query(
    `UPDATE persons SET password_changed_at = now() + interval '3 seconds' WHERE id = $1`,
    [member.personId],
  );
  expect(await again(other)).toBe(1);
});

it('the time is told in the zone of the member, and the words in their language', async () => {
  const { member } = await visit(hub, hub.community);
  await hub.database.query(
    `UPDATE memberships SET zoneinfo = 'Pacific/Noumea', locale = 'en' WHERE subject = $1`,
    [member.subject],
  );
  await visit(hub, hub.community, { member, headers: { 'user-agent': FIREFOX } });
  const [notice] = await noticesTo(member.email);
  const there = new Intl.DateTimeFormat('en-GB', {
    dateStyle: 'long',
    timeStyle: 'short',
    timeZone: 'Pacific/Noumea',
  })
    .format(new Date(notice?.at as string))
    .replace(' ', '\u00a0');
  expect((await keptMail(hub, member.email)).text).toContain(`on ${there}`);
});
