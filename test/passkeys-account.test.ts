import { describe, expect, it } from 'vitest';
import { Authenticator } from './support/authenticator.ts';
import type { Browser, Page } from './support/browser.ts';
import { csrfOf, enrol, post, question, signIn } from './support/passkey-visits.ts';
import { useHub } from './support/use-hub.ts';

const hub = useHub({ community: {} });

async function memberWithPasskey() {
  const member = await hub.newMember();
  const { browser, authenticator } = await enrol(hub.issuer, member.username);
  return { member, authenticator, browser };
}

async function passkeysOf(personId: string) {
  return hub.database.query<{ id: string; name: string }>(
    'SELECT id, name FROM passkeys WHERE person_id = $1 ORDER BY created_at',
    [personId],
  );
}

async function addAnother(
  browser: Browser,
  name: string,
  authenticator = new Authenticator(hub.url),
) {
  const page = await browser.open(`${hub.issuer}/account/passkeys`);
  const { options } = await question(browser, page);
  const response = authenticator.register(options);
  return post(browser, `${hub.issuer}/account/passkeys`, { csrf: csrfOf(page), name, response });
}

const formOf = (page: Page, id: string, what: 'name' | 'remove') =>
  `form[action="${new URL(page.url).pathname}/${id}/${what}"]`;

async function submit(browser: Browser, id: string, what: 'name' | 'remove', fields = {}) {
  const page = await browser.open(`${hub.issuer}/account/passkeys`);
  return browser.submit(page, formOf(page, id, what), fields);
}

async function outbox(template: string, to: string) {
  return hub.database.query(
    `SELECT payload FROM outbox WHERE kind = 'mail' AND payload->>'template' = $1 AND payload->>'to' = $2`,
    [template, to],
  );
}

describe('the page of passkeys', () => {
  it('adds a second one by the name it is given, and tells of each by mail', async () => {
    const { member, browser } = await memberWithPasskey();
    const answer = await addAnother(browser, '  Clé   du bureau \u0007');
    expect(answer.headers.get('location')).toMatch(/\/account\/passkeys\?notice=added$/);
    expect((await passkeysOf(member.personId)).map(({ name }) => name)).toEqual([
      'Téléphone ou gestionnaire de mots de passe',
      'Clé du bureau',
    ]);
    expect(await outbox('new-passkey', member.email)).toHaveLength(2);
  });

  it('keeps a name of emoji, right-to-left text or a thousand signs within its bounds', async () => {
    const { member, browser } = await memberWithPasskey();
    const family = '👨‍👩‍👧';
    for (const name of ['مفتاحي', family.repeat(900), '<b>"&']) await addAnother(browser, name);
    const names = (await passkeysOf(member.personId)).map(({ name }) => name);
    expect(names).toContain('مفتاحي');
    expect(names).toContain('<b>"&');
    expect(names.some((name) => name.startsWith(family) && name.endsWith(family))).toBe(true);
    const page = await browser.open(`${hub.issuer}/account/passkeys`);
    expect(page.document.querySelector('.entries b')).toBeNull();
  });

  it('does not take the same one twice, for nobody', async () => {
    const { browser, authenticator, member } = await memberWithPasskey();
    const page = await browser.open(`${hub.issuer}/account/passkeys`);
    const { options } = await question(browser, page);
    expect(options.excludeCredentials).toHaveLength(1);
    expect((await addAnother(browser, '', authenticator)).status).toBe(400);
    const other = await memberWithPasskey();
    const answer = await addAnother(other.browser, 'Le mien', authenticator);
    expect(answer.status).toBe(400);
    expect(await answer.text()).toContain('value="Le mien"');
    expect(await passkeysOf(other.member.personId)).toHaveLength(1);
    expect(await passkeysOf(member.personId)).toHaveLength(1);
  });

  it('renames, and says beside the field that a name is missing', async () => {
    const { member, browser } = await memberWithPasskey();
    const [passkey] = await passkeysOf(member.personId);
    const id = passkey?.id as string;
    const page = await submit(browser, id, 'name', { name: ' ' });
    expect(page.status).toBe(400);
    expect(page.document.querySelector(`#error-summary a[href="#name-${id}"]`)).not.toBeNull();
    expect(page.document.getElementById(`fault-name-${id}`)).not.toBeNull();
    const renamed = await submit(browser, id, 'name', { name: 'Vieux téléphone' });
    expect(renamed.text).toContain('Le nouveau nom est enregistré.');
    expect(renamed.text).toContain('Vieux téléphone');
  });

  it('removes one, which then opens nothing, and tells of it by mail', async () => {
    const { member, browser, authenticator } = await memberWithPasskey();
    const [passkey] = await passkeysOf(member.personId);
    const page = await submit(browser, passkey?.id as string, 'remove');
    expect(page.text).toContain('La clé d’accès est supprimée.');
    expect(await outbox('passkey-removed', member.email)).toHaveLength(1);
    expect((await signIn(hub.issuer, authenticator)).response.status).toBe(400);
  });

  it('removes one with all that it opened: other sessions are over, this one goes on', async () => {
    const { member, browser, authenticator } = await memberWithPasskey();
    const { browser: thief, response } = await signIn(hub.issuer, authenticator);
    expect(response.status).toBe(303);
    expect((await thief.open(`${hub.issuer}/account`)).url).toBe(`${hub.issuer}/account`);
    const [passkey] = await passkeysOf(member.personId);
    await submit(browser, passkey?.id as string, 'remove');
    expect((await thief.open(`${hub.issuer}/account`)).url).toContain('/login');
    expect((await browser.open(`${hub.issuer}/account`)).url).toBe(`${hub.issuer}/account`);
  });

  it('knows nothing of the passkeys of somebody else', async () => {
    const { member } = await memberWithPasskey();
    const { browser } = await memberWithPasskey();
    const [theirs] = await passkeysOf(member.personId);
    const page = await browser.open(`${hub.issuer}/account/passkeys`);
    for (const what of ['name', 'remove']) {
      const answer = await post(browser, `${page.url}/${theirs?.id}/${what}`, {
        csrf: csrfOf(page),
        name: 'À moi',
      });
      expect(answer.status).toBe(404);
    }
    expect(await passkeysOf(member.personId)).toEqual([theirs]);
  });
});

describe('the last second factor', () => {
  it('stays where the community asks for one, until there is another', async () => {
    const { member, browser } = await memberWithPasskey();
    await hub.database.query(`UPDATE communities SET second_factor = 'all' WHERE id = $1`, [
      hub.community.id,
    ]);
    await hub.app.settle();
    const [first] = await passkeysOf(member.personId);
    const refused = await submit(browser, first?.id as string, 'remove');
    expect(refused.status).toBe(400);
    expect(refused.text).toContain('une de vos communautés en demande une');
    await addAnother(browser, 'Une autre');
    expect((await submit(browser, first?.id as string, 'remove')).status).toBe(200);
    await hub.database.query(`UPDATE communities SET second_factor = 'optional' WHERE id = $1`, [
      hub.community.id,
    ]);
    await hub.app.settle();
  });

  it('stays where the password is too short to stand alone', async () => {
    const { member, browser } = await memberWithPasskey();
    await hub.database.query('UPDATE persons SET password_short = true WHERE id = $1', [
      member.personId,
    ]);
    const [first] = await passkeysOf(member.personId);
    const refused = await submit(browser, first?.id as string, 'remove');
    expect(refused.text).toContain('Votre mot de passe est trop court');
    expect(await passkeysOf(member.personId)).toHaveLength(1);
  });

  it('takes the recovery codes along that stood in for it', async () => {
    const { member, browser } = await memberWithPasskey();
    const codes = () =>
      hub.database.query('SELECT 1 FROM recovery_codes WHERE person_id = $1', [member.personId]);
    await browser.submit(await browser.open(`${hub.issuer}/account/recovery-codes`), '#codes-form');
    await addAnother(browser, 'Une autre');
    const [first, second] = await passkeysOf(member.personId);
    await submit(browser, first?.id as string, 'remove');
    expect(await codes()).toHaveLength(10);
    await submit(browser, second?.id as string, 'remove');
    expect(await codes()).toHaveLength(0);
  });

  it('is not removed by two requests at once that each leave the other', async () => {
    const { member, browser } = await memberWithPasskey();
    await addAnother(browser, 'Une autre');
    await hub.database.query('UPDATE persons SET password_short = true WHERE id = $1', [
      member.personId,
    ]);
    const page = await browser.open(`${hub.issuer}/account/passkeys`);
    const both = await passkeysOf(member.personId);
    const answers = await Promise.all(
      both.map(({ id }) => post(browser, `${page.url}/${id}/remove`, { csrf: csrfOf(page) })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([303, 400]);
    expect(await passkeysOf(member.personId)).toHaveLength(1);
  });
});
