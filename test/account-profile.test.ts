import { describe, expect, it } from 'vitest';
import { saveMembers } from '../src/domain/memberships/save-members.ts';
import { faultsOf, sendProfile, visit } from './support/account-visits.ts';
import { RelyingParty } from './support/relying-party.ts';
import { useHub } from './support/use-hub.ts';

const hub = useHub({ community: {} });

async function rowOf(subject: string) {
  const [row] = await hub.database.query<Record<string, string | null>>(
    `SELECT display_name, given_name, family_name, nickname, pronouns, m.locale, zoneinfo, p.locale AS person_locale
     FROM memberships m JOIN persons p ON p.id = m.person_id WHERE subject = $1`,
    [subject],
  );
  return row;
}

describe('the profile', () => {
  it('is what the member says of themselves, and reaches the services with their next sign-in', async () => {
    const service = await hub.newService();
    const { member, browser, at } = await visit(hub, hub.community);
    const page = await browser.open(at('/account/profile'));
    expect(page.document.querySelector('#profile-form')?.text).toContain(member.username);
    const saved = await sendProfile(browser, page, {
      display_name: '  Zoé   Œuvrard 🌱 ',
      given_name: 'Zoé',
      family_name: 'Œuvrard',
      nickname: 'Zou',
      pronouns: 'elle / iel',
    });
    expect(saved.url).toBe(at('/account/profile?notice=saved'));
    expect(saved.document.getElementById('pronouns')?.getAttribute('value')).toBe('elle / iel');
    expect(await rowOf(member.subject)).toMatchObject({
      display_name: 'Zoé Œuvrard 🌱',
      given_name: 'Zoé',
      nickname: 'Zou',
    });
    const app = new RelyingParty(hub.url, hub.community, service);
    const tokens = await app.tokens(await app.signIn(browser, member.username));
    expect(await app.idToken(tokens)).toMatchObject({ name: 'Zoé Œuvrard 🌱', nickname: 'Zou' });
  });

  it('takes names of every script and none, but not what turns or hides the text around it', async () => {
    const { member, browser, at } = await visit(hub, hub.community);
    const page = await browser.open(at('/account/profile'));
    for (const name of ['ليلى', '👩‍🌾', '山田', 'Ω']) {
      expect((await sendProfile(browser, page, { display_name: name })).status).toBe(200);
      expect((await rowOf(member.subject))?.display_name).toBe(name);
    }
    for (const name of ['', '   ', '\u200b', 'x\u202egnp', 'é'.repeat(10_000)]) {
      const refused = await sendProfile(browser, page, { display_name: name });
      expect([name.slice(0, 9), refused.status]).toEqual([name.slice(0, 9), 400]);
      expect(faultsOf(refused)).toEqual(['display_name']);
      expect(
        refused.document.querySelector('#error-summary a[href="#display_name"]'),
      ).not.toBeNull();
    }
    expect((await rowOf(member.subject))?.display_name).toBe('Ω');
  });

  it('keeps all that was typed when some of it is refused', async () => {
    const { member, browser, at } = await visit(hub, hub.community);
    const page = await browser.open(at('/account/profile'));
    const refused = await sendProfile(browser, page, {
      display_name: '',
      given_name: 'Zoé',
      nickname: 'x\u202ey',
      pronouns: 'p'.repeat(61),
    });
    expect(faultsOf(refused)).toEqual(['display_name', 'nickname', 'pronouns']);
    const value = (id: string) => refused.document.getElementById(id)?.getAttribute('value');
    expect([value('given_name'), value('pronouns')]).toEqual(['Zoé', 'p'.repeat(61)]);
    expect((await rowOf(member.subject))?.given_name).toBeNull();
  });

  it('has pronouns of at most 60 characters, whoever gives them', async () => {
    const { member } = await visit(hub, hub.community);
    const place = { id: hub.community.id, issuerUrl: undefined };
    const give = (pronouns: string) =>
      hub.database.transaction((tx) =>
        saveMembers(tx, place, [{ subject: member.subject, pronouns }], 'cli'),
      );
    await expect(give('p'.repeat(61))).rejects.toMatchObject({ code: 'name-shape' });
    await give('p'.repeat(60));
    expect((await rowOf(member.subject))?.pronouns).toBe('p'.repeat(60));
  });

  it('is told of by which fields changed, never by what is in them', async () => {
    const { member, browser, at } = await visit(hub, hub.community);
    const page = await browser.open(at('/account/profile'));
    await sendProfile(browser, page, { nickname: 'Ancien secret' });
    await sendProfile(browser, page, { nickname: 'Ancien secret' });
    const events = await hub.database.query(
      `SELECT details FROM events WHERE subject = $1 AND type = 'member.updated'`,
      [member.subject],
    );
    expect(events).toEqual([{ details: { fields: ['nickname'] } }]);
  });

  it('is changed by a form of its own pages only, and by nobody who is not signed in', async () => {
    const { member, browser, at } = await visit(hub, hub.community);
    const page = await browser.open(at('/account/profile'));
    const forged = await sendProfile(browser, page, { csrf: 'x', nickname: 'Pirate' });
    expect(forged.status).toBe(403);
    await browser.jar.removeAllCookies();
    const stranger = await sendProfile(browser, page, { nickname: 'Pirate' });
    expect(stranger.url).toContain('/login?return_to=%2Faccount%2Fprofile');
    expect((await rowOf(member.subject))?.nickname).toBeNull();
  });
});

describe('language and time zone', () => {
  it('are the member’s from then on, in the pages, for the person and in the claims', async () => {
    const { member, browser, at } = await visit(hub, hub.community);
    const page = await browser.open(at('/account/language'));
    const saved = await browser.submit(page, '#preferences-form', {
      locale: 'en',
      zoneinfo: 'Indian/Reunion',
    });
    expect(saved.document.querySelector('html')?.getAttribute('lang')).toBe('en');
    expect(saved.document.querySelector('#zoneinfo option[selected]')?.getAttribute('value')).toBe(
      'Indian/Reunion',
    );
    expect(await rowOf(member.subject)).toMatchObject({
      locale: 'en',
      person_locale: 'en',
      zoneinfo: 'Indian/Reunion',
    });
  });

  it('are refused when they are not on the list, beside their fields', async () => {
    const { member, browser, at } = await visit(hub, hub.community);
    const page = await browser.open(at('/account/language'));
    const refused = await browser.submit(page, '#preferences-form', {
      locale: 'xx',
      zoneinfo: 'Mars/Olympus',
    });
    expect([refused.status, faultsOf(refused)]).toEqual([400, ['locale', 'zoneinfo']]);
    expect((await rowOf(member.subject))?.zoneinfo).toBeNull();
  });
});
