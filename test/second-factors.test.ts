import { decodeJwt } from 'jose';
import { TOTP } from 'otpauth';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { CommunityChange } from '../src/domain/communities/save-communities.ts';
import { checkTotp } from '../src/domain/second-factors/totp.ts';
import { Browser, type Page } from './support/browser.ts';
import {
  type BuiltCommunity,
  type BuiltMember,
  buildCommunity,
  buildMember,
  buildService,
  PASSWORD,
} from './support/factories.ts';
import { RelyingParty } from './support/relying-party.ts';
import { useHub } from './support/use-hub.ts';

const MFA = 'https://refeds.org/profile/mfa';
const SFA = 'https://refeds.org/profile/sfa';

const hub = useHub({ env: { TROUSSEAU_ROLES: 'web' } });
let community: BuiltCommunity;
let member: BuiltMember;
let app: RelyingParty;
let browser: Browser;
/** The member's authenticator app; a step ahead after each code, as if half a minute had passed. */
let authenticator: TOTP;
let steps: number;

beforeAll(async () => {
  community = await buildCommunity(hub.database);
  app = new RelyingParty(hub.url, community, await buildService(hub, community));
});

beforeEach(async () => {
  member = await buildMember(hub.database, community.id);
  browser = new Browser({ stopAt: (url) => url.hostname.endsWith('.example') });
  steps = 0;
});

const at = (path: string, { slug } = community) => `${hub.url}/c/${slug}${path}`;

async function signIn(using = browser, url = at('/login')): Promise<Page> {
  const page = await using.open(url);
  return using.submit(page, '#login-form', { username: member.username, password: PASSWORD });
}

/** A code that was not used yet: now's, then the next step's, which both hold when the clock moves on meanwhile. */
function nextCode(): string {
  const timestamp = Date.now() + steps * 30_000;
  steps += 1;
  return authenticator.generate({ timestamp });
}

function readAuthenticator(page: Page): TOTP {
  const secret = page.document.querySelector('#totp-secret')?.text.replaceAll(' ', '') as string;
  return new TOTP({ secret });
}

async function setUpTotp(): Promise<Page> {
  await signIn();
  const page = await browser.open(at('/account/totp'));
  authenticator = readAuthenticator(page);
  return browser.submit(page, '#totp-form', { code: nextCode() });
}

async function makeCodes(): Promise<string[]> {
  const page = await browser.open(at('/account/recovery-codes'));
  const made = await browser.submit(page, '#codes-form');
  return made.document.querySelectorAll('#codes code').map(({ text }) => text);
}

const eventsOf = async (subject: string) =>
  (
    await hub.database.query<{ type: string }>(
      'SELECT type FROM events WHERE subject = $1 ORDER BY id',
      [subject],
    )
  ).map(({ type }) => type);

describe('an authenticator app', () => {
  it('is set up by a picture, a secret to type, and a code of it; recovery codes come next', async () => {
    await signIn();
    const page = await browser.open(at('/account/totp'));
    const picture = page.document.querySelector('.qr')?.getAttribute('src') ?? '';
    expect(Buffer.from(picture.split(',')[1] ?? '', 'base64').toString()).toContain('<svg');
    authenticator = readAuthenticator(page);
    const after = await browser.submit(page, '#totp-form', { code: nextCode() });
    expect(after.url).toBe(at('/account/recovery-codes?first=1'));
    expect(await eventsOf(member.subject)).toContain('totp.added');
    const [mail] = await hub.database.query(
      `SELECT 1 FROM outbox WHERE payload ->> 'template' = 'second-factor-added' AND payload ->> 'to' = $1`,
      [member.email],
    );
    expect(mail).toBeDefined();
  });

  it('is kept sealed, and not before a code of it was right', async () => {
    await signIn();
    const page = await browser.open(at('/account/totp'));
    const refused = await browser.submit(page, '#totp-form', { code: '000000' });
    expect(refused.status).toBe(400);
    expect(readAuthenticator(refused).secret.base32).toBe(readAuthenticator(page).secret.base32);
    const rows = () =>
      hub.database.query<{ sealed: Buffer }>(
        'SELECT sealed_secret AS sealed FROM totp_secrets WHERE person_id = $1',
        [member.personId],
      );
    expect(await rows()).toEqual([]);
    authenticator = readAuthenticator(refused);
    await browser.submit(refused, '#totp-form', { code: nextCode() });
    const [row] = await rows();
    expect(row?.sealed.toString('latin1')).not.toContain(authenticator.secret.base32);
  });

  it("takes no set-up of somebody else's", async () => {
    await signIn();
    const page = await browser.open(at('/account/totp'));
    const setup = page.document.querySelector('[name=setup]')?.getAttribute('value') as string;
    authenticator = readAuthenticator(page);
    member = await buildMember(hub.database, community.id);
    const other = new Browser();
    await signIn(other);
    const theirs = await other.open(at('/account/totp'));
    const answer = await other.submit(theirs, '#totp-form', { setup, code: nextCode() });
    expect(answer.status).toBe(400);
  });

  it('lets in with a code, once: not the same code again, in another browser or at once', async () => {
    await setUpTotp();
    const code = nextCode();
    const visitors = [new Browser(), new Browser()];
    const pages = await Promise.all(visitors.map((visitor) => signIn(visitor)));
    const answers = await Promise.all(
      visitors.map((visitor, i) =>
        visitor.submit(pages[i] as Page, '#second-factor-form', { code, using: 'totp' }),
      ),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 400]);
  });

  it('counts a code once on all processes together', async () => {
    await setUpTotp();
    const sibling = await hub.sibling();
    const code = nextCode();
    const tries = await Promise.all(
      [hub, sibling, hub, sibling].map(({ database, sealer }) =>
        checkTotp({ database, sealer }, member.personId, code),
      ),
    );
    await sibling.stop();
    expect(tries.filter(Boolean)).toHaveLength(1);
  });

  it('takes codes with spaces, and no older one after a newer', async () => {
    await setUpTotp();
    const parts = { database: hub.database, sealer: hub.sealer };
    const older = authenticator.generate({ timestamp: Date.now() });
    const newer = authenticator.generate({ timestamp: Date.now() + 30_000 });
    const spaced = `${newer.slice(0, 3)} ${newer.slice(3)}`;
    expect(await checkTotp(parts, member.personId, spaced)).toBe(true);
    expect(await checkTotp(parts, member.personId, older)).toBe(false);
  });

  it('is replaced only when the new one is confirmed, and removed for good', async () => {
    await setUpTotp();
    const before = authenticator.secret.base32;
    const page = await browser.open(at('/account/totp'));
    expect(page.text).toContain('reste valable');
    await browser.submit(page, '#totp-form', { code: '000000' });
    const parts = { database: hub.database, sealer: hub.sealer };
    expect(await checkTotp(parts, member.personId, nextCode())).toBe(true);
    authenticator = readAuthenticator(page);
    steps = 0;
    await browser.submit(page, '#totp-form', { code: nextCode() });
    expect(authenticator.secret.base32).not.toBe(before);
    const overview = await browser.open(at('/account/two-factors'));
    await browser.submit(overview, 'form[action$="/totp/remove"]');
    expect((await signIn(new Browser())).url.replace(/\/$/, '')).toBe(at(''));
  });

  it('stays while the password is too short to stand alone, or the community asks for it', async () => {
    await setUpTotp();
    await hub.database.query('UPDATE persons SET password_short = true WHERE id = $1', [
      member.personId,
    ]);
    const overview = await browser.open(at('/account/two-factors'));
    const refused = await browser.submit(overview, 'form[action$="/totp/remove"]');
    expect(refused.status).toBe(400);
    expect(refused.text).toContain('15 caractères');
  });
});

describe('recovery codes', () => {
  it('are shown once, kept as hashes, and each lets in once however it is typed', async () => {
    await setUpTotp();
    const codes = await makeCodes();
    expect(new Set(codes).size).toBe(10);
    expect((await browser.open(at('/account/recovery-codes'))).text).not.toContain(codes[0]);
    const typed = (codes[0] as string).replaceAll('-', ' ').toUpperCase();
    const tryOnce = async () => {
      const visitor = new Browser();
      await signIn(visitor);
      const page = await visitor.open(at('/login/second-factor?use=recovery-code'));
      return visitor.submit(page, '#second-factor-form', { code: typed });
    };
    expect((await tryOnce()).status).toBe(200);
    expect((await tryOnce()).status).toBe(400);
    expect(await eventsOf(member.subject)).toContain('recovery-code.used');
  });

  it('end when new ones are made', async () => {
    await setUpTotp();
    const [old] = await makeCodes();
    await makeCodes();
    const visitor = new Browser();
    await signIn(visitor);
    const page = await visitor.open(at('/login/second-factor?use=recovery-code'));
    expect(
      (await visitor.submit(page, '#second-factor-form', { code: old as string })).status,
    ).toBe(400);
  });

  it('come as a file that holds them and nothing that was slipped in', async () => {
    await setUpTotp();
    const page = await browser.open(at('/account/recovery-codes'));
    const made = await browser.submit(page, '#codes-form');
    const codes = made.document.querySelectorAll('#codes code').map(({ text }) => text);
    const file = await browser.submit(made, 'form[action$="/file"]', {
      codes: `${codes.join(' ')} <script>alert(1)</script>`,
    });
    expect(file.headers.get('content-disposition')).toMatch(/^attachment/);
    expect(file.headers.get('content-type')).toMatch(/^text\/plain/);
    for (const code of codes) expect(file.text).toContain(code);
    expect(file.text).not.toContain('script');
  });
});

describe('what apps are told', () => {
  const claims = async (answer: URLSearchParams) => decodeJwt((await app.tokens(answer)).id_token);

  /** Signs in to the app, giving a second factor when it is asked for. */
  async function toApp(params: Record<string, string> = {}, code?: () => string) {
    const visitor = new Browser({ stopAt: (url) => url.hostname.endsWith('.example') });
    let page = await signIn(visitor, app.authorizationUrl(params));
    if (page.document.querySelector('#second-factor-form') !== null) {
      page = await visitor.submit(page, '#second-factor-form', { code: (code ?? nextCode)() });
    }
    if (page.document.querySelector('#consent-form') !== null)
      page = await visitor.submit(page, '#consent-form', {}, '#consent-allow');
    return { visitor, answer: app.answer(page) };
  }

  it('a password alone is one factor', async () => {
    const { answer } = await toApp({ acr_values: SFA });
    expect(await claims(answer)).toMatchObject({ acr: SFA, amr: ['pwd'] });
  });

  it('a password and a code are two', async () => {
    await setUpTotp();
    const { answer } = await toApp();
    expect(await claims(answer)).toMatchObject({ acr: MFA, amr: ['pwd', 'otp', 'mfa'] });
  });

  it('a session of one factor is raised for an app that would rather have two', async () => {
    const { visitor } = await toApp();
    await setUpTotp();
    const page = await visitor.open(app.authorizationUrl({ acr_values: `${MFA} ${SFA}` }));
    expect(page.document.querySelector('#login-form')).not.toBeNull();
    const second = await visitor.submit(page, '#login-form', {
      username: member.username,
      password: PASSWORD,
    });
    const back = await visitor.submit(second, '#second-factor-form', { code: nextCode() });
    expect(await claims(app.answer(back))).toMatchObject({ acr: MFA });
  });

  it('whoever has no second factor is not asked for one by a mere wish', async () => {
    const { answer } = await toApp({ acr_values: MFA });
    expect(await claims(answer)).toMatchObject({ acr: SFA });
  });

  it('an app that must have two lets its member set one up on the way', async () => {
    const essential = JSON.stringify({ id_token: { acr: { essential: true, value: MFA } } });
    const page = await signIn(browser, app.authorizationUrl({ claims: essential }));
    expect(page.url).toMatch(/\/login\/[\w-]+\/set-up$/);
    authenticator = readAuthenticator(page);
    const done = await browser.submit(page, '#totp-form', { code: nextCode() });
    expect(done.document.querySelectorAll('#codes code')).toHaveLength(10);
    let back = await browser.submit(done, '#set-up-done-form');
    if (back.document.querySelector('#consent-form') !== null)
      back = await browser.submit(back, '#consent-form', {}, '#consent-allow');
    expect(await claims(app.answer(back))).toMatchObject({ acr: MFA, amr: ['pwd', 'otp', 'mfa'] });
  });
});

describe("a community's policy", () => {
  async function demand(values: Partial<CommunityChange>): Promise<void> {
    const strict = await buildCommunity(hub.database, values);
    community = strict;
    member = await buildMember(hub.database, strict.id, { role: 'admin' });
  }

  it('asks admins, and not members, to set one up before they come in', async () => {
    await demand({ secondFactor: 'admins' });
    expect((await signIn()).url).toBe(at('/login/set-up'));
    expect((await browser.open(at('/account'))).url).toBe(at('/login?return_to=%2Faccount'));
    member = await buildMember(hub.database, community.id);
    expect((await signIn(new Browser())).url.replace(/\/$/, '')).toBe(at(''));
  });

  it('leaves everybody until its date, and asks sessions of before from then on', async () => {
    await demand({
      secondFactor: 'all',
      secondFactorFrom: new Date(Date.now() + 86_400_000).toISOString().replace(/\.\d+/, ''),
    });
    const home = await signIn();
    expect(home.url.replace(/\/$/, '')).toBe(at(''));
    expect(home.document.querySelector('#second-factor-due a')).not.toBeNull();
    await hub.database.query(
      `UPDATE communities SET second_factor_from = now() - interval '1 second' WHERE id = $1`,
      [community.id],
    );
    await hub.app.settle();
    expect((await browser.open(at('/account'))).url).toBe(at('/login?return_to=%2Faccount'));
    expect((await signIn()).url).toBe(at('/login/set-up'));
  });

  it('is not got round by what an app keeps from before', async () => {
    const strict = await buildCommunity(hub.database);
    community = strict;
    member = await buildMember(hub.database, strict.id);
    const client = { grants: ['authorization_code', 'refresh_token'] };
    const target = new RelyingParty(hub.url, strict, await buildService(hub, strict, {}, client));
    const scope = 'openid offline_access';
    const tokens = await target.tokens(
      await target.signIn(browser, member.username, { scope, prompt: 'consent' }),
    );
    const first = await target.refresh(tokens.refresh_token as string);
    expect(first.status).toBe(200);
    const { refresh_token: next } = (await first.json()) as { refresh_token: string };
    await hub.database.query(`UPDATE communities SET second_factor = 'all' WHERE id = $1`, [
      strict.id,
    ]);
    await hub.app.settle();
    const refused = await target.refresh(next);
    expect([refused.status, await refused.json()]).toMatchObject([400, { error: 'invalid_grant' }]);
  });

  it('is not got round by what a set-up page offers: it is finished, or nothing is open', async () => {
    await demand({ secondFactor: 'all' });
    const page = await signIn();
    const early = await browser.send(at('/login/set-up/done'), {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({
        csrf: page.document.querySelector('[name=csrf]')?.getAttribute('value') as string,
      }).toString(),
    });
    expect(early.status).toBe(400);
    expect((await browser.open(at('/account'))).url).toBe(at('/login?return_to=%2Faccount'));
  });

  it('a password alone sets no second one up beside the first', async () => {
    await demand({ secondFactor: 'all' });
    const thief = new Browser();
    const page = await signIn(thief);
    const own = await signIn();
    authenticator = readAuthenticator(own);
    await browser.submit(own, '#totp-form', { code: nextCode() });
    await hub.app.settle();
    authenticator = readAuthenticator(page);
    steps = 0;
    expect((await thief.submit(page, '#totp-form', { code: nextCode() })).status).toBe(400);
  });
});
