import { describe, expect, it } from 'vitest';
import { Authenticator } from './support/authenticator.ts';
import { Browser } from './support/browser.ts';
import { csrfOf, enrol, post, question, signIn, typePassword } from './support/passkey-visits.ts';
import { useHub } from './support/use-hub.ts';

const hub = useHub({ community: {} });

async function memberWithPasskey(authenticator = new Authenticator(hub.url)) {
  const member = await hub.newMember();
  const { browser } = await enrol(hub.issuer, member.username, authenticator);
  return { member, authenticator, browser };
}

async function sessionOf(subject: string) {
  const [row] = await hub.database.query<{ payload: { amr: string[]; acr: string } }>(
    'SELECT payload FROM sessions WHERE subject = $1 ORDER BY created_at DESC LIMIT 1',
    [subject],
  );
  return row?.payload;
}

async function eventsOf(subject: string): Promise<string[]> {
  const rows = await hub.database.query<{ type: string }>(
    'SELECT type FROM events WHERE community_id = $1 AND subject = $2 ORDER BY id',
    [hub.community.id, subject],
  );
  return rows.map(({ type }) => type);
}

const refused = async (answer: { response: Response }) => {
  const text = await answer.response.text();
  return answer.response.status === 400 && text.includes('La clé d’accès n’a pas pu être vérifiée');
};

describe('a new passkey', () => {
  it('is kept with the host, and leads on to the recovery codes where it is the first factor', async () => {
    const member = await hub.newMember();
    const { response, browser, authenticator } = await enrol(hub.issuer, member.username);
    expect(response.headers.get('location')).toBe(
      `/c/${hub.community.slug}/account/recovery-codes?first=1`,
    );
    const [row] = await hub.database.query('SELECT * FROM passkeys WHERE person_id = $1', [
      member.personId,
    ]);
    expect(row).toMatchObject({
      rp_id: 'localhost',
      credential_id: authenticator.credentialId,
      backup_eligible: true,
      name: 'Téléphone ou gestionnaire de mots de passe',
    });
    expect(await eventsOf(member.subject)).toContain('passkey.added');
    expect(await sessionOf(member.subject)).toMatchObject({
      acr: 'https://refeds.org/profile/mfa',
    });
    const page = await browser.open(`${hub.issuer}/account/passkeys`);
    expect(page.text).toContain('Téléphone ou gestionnaire de mots de passe');
  });

  it('is asked for by nobody who did not sign in lately', async () => {
    const member = await hub.newMember();
    const browser = new Browser();
    await typePassword(browser, hub.issuer, member.username);
    await hub.database.query(
      `UPDATE sessions SET payload = payload || jsonb_build_object('loginTs', $2::bigint) WHERE subject = $1`,
      [member.subject, Math.floor(Date.now() / 1000) - 11 * 60],
    );
    await hub.app.settle();
    const page = await browser.open(`${hub.issuer}/account/passkeys`);
    expect(page.url).toContain('/login?return_to=');
  });

  it('is not made without the check of a fingerprint, face or PIN', async () => {
    const member = await hub.newMember();
    const authenticator = new Authenticator(hub.url, { userVerified: false });
    await expect(enrol(hub.issuer, member.username, authenticator)).rejects.toThrow('400');
  });
});

describe('a sign-in by passkey', () => {
  it('opens the session as two factors', async () => {
    const { member, authenticator } = await memberWithPasskey();
    const { browser, response } = await signIn(hub.issuer, authenticator);
    expect(response.status).toBe(303);
    expect((await browser.open(hub.issuer)).text).toContain(`Prénom ${member.username}`);
    expect(await sessionOf(member.subject)).toMatchObject({
      amr: ['swk', 'user', 'mfa'],
      acr: 'https://refeds.org/profile/mfa',
    });
  });

  it('says of a key that stays in its device that it does', async () => {
    const key = new Authenticator(hub.url, { backupEligible: false, backedUp: false });
    const { member } = await memberWithPasskey(key);
    expect((await signIn(hub.issuer, key)).response.status).toBe(303);
    expect((await sessionOf(member.subject))?.amr).toEqual(['hwk', 'user', 'mfa']);
  });

  it('answers the request of an app', async () => {
    const { member, authenticator } = await memberWithPasskey();
    const app = await hub.newClient();
    const browser = new Browser({ stopAt: (url) => url.hostname.endsWith('.example') });
    const page = await browser.open(app.authorizationUrl());
    const { options } = await question(browser, page);
    const answer = authenticator.signIn(options);
    const end = await browser.submit(page, '#passkey-form', { response: answer });
    const back = await browser.submit(end, '#consent-form', {}, '#consent-allow');
    const claims = await app.idToken(await app.tokens(app.answer(back)));
    expect(claims).toMatchObject({ sub: member.subject, amr: ['swk', 'user', 'mfa'] });
  });

  it.each([
    ['without the check of the user', { userVerified: false }],
    ['from another site', { origin: 'https://evil.example' }],
    ['from a frame', { crossOrigin: true }],
    ['for another RP ID', { rpId: 'evil.example' }],
    ['with the handle of somebody else', { userHandle: Buffer.alloc(32).toString('base64url') }],
    ['without a handle', { userHandle: undefined }],
    [
      'of a key that was synced and now says it never was',
      { backupEligible: false, backedUp: false },
    ],
    ['of a key that is backed up and cannot be', { backupEligible: false, backedUp: true }],
  ])('is refused %s', async (_what, change) => {
    const { authenticator } = await memberWithPasskey();
    expect(await refused(await signIn(hub.issuer, authenticator, change))).toBe(true);
    expect((await signIn(hub.issuer, authenticator)).response.status).toBe(303);
  });

  it('is refused for what is no answer at all', async () => {
    const browser = new Browser();
    const page = await browser.open(`${hub.issuer}/login`);
    for (const response of [
      '',
      '{}',
      'null',
      '[',
      '"x"',
      JSON.stringify({ id: 'x'.repeat(9000) }),
    ]) {
      const answer = await post(browser, `${hub.issuer}/login/passkey`, {
        csrf: csrfOf(page),
        response,
      });
      expect(answer.status).toBeOneOf([400, 429]);
    }
  });
});
