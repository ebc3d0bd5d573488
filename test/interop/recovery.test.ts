import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { buildMember } from '../support/factories.ts';
import { linkIn } from '../support/newcomers.ts';
import { useHub } from '../support/use-hub.ts';
import { launchChromium, newVisitor } from './support/chromium.ts';
import { expectFocus, overflow, violations } from './support/look-at-page.ts';
import { typePassword } from './support/visits.ts';

// Getting back in with the help of two admins, and into another community with the account that one has:
// whatever is done here is done by what stands on a page or in a message.

const NEW = 'neuf baleines lisent le journal';
/** A folder for pictures of what the tests see, for eyes. */
const PICTURES = process.env.TROUSSEAU_PICTURES;

const hub = useHub({
  community: { slug: 'lamyne', name: 'La MYNE', accent: '#0a7d5a' },
  neighbour: {
    slug: 'hermitage',
    name: 'L’Hermitage',
    registration: 'approval',
    questions: [{ text: 'Comment nous connaissez-vous ?', required: false }],
  },
});
let browser: Browser;

beforeAll(async () => {
  browser = await launchChromium();
  await buildMember(hub.database, hub.neighbour.id, { role: 'owner' });
  await hub.app.settle();
});
afterAll(() => browser?.close());

const at = (path: string, { slug } = hub.community) => `${hub.url}/c/${slug}${path}`;

const VISITORS = [
  { locale: 'fr-FR', width: 1280, script: true },
  { locale: 'en-GB', width: 375, script: false },
  { locale: 'fr-FR', width: 375, script: true },
] as const;

describe.each(VISITORS)('in $locale at $width pixels, scripts: $script', (visitor) => {
  const { locale, width, script } = visitor;
  let member: Awaited<ReturnType<typeof buildMember>>;

  beforeEach(async () => {
    member = await hub.newMember({ displayName: 'Camille Œuvrard' });
    await hub.database.query('UPDATE person_emails SET proven_at = now() WHERE person_id = $1', [
      member.personId,
    ]);
  });

  async function visit(): Promise<Page> {
    const viewport = { width, height: 800 };
    const context = await newVisitor(browser, { locale, viewport, javaScriptEnabled: script });
    return context.newPage();
  }

  async function signedIn(username: string): Promise<Page> {
    const page = await visit();
    await page.goto(at('/login'));
    await typePassword(page, username);
    await page.waitForURL(at('/'));
    return page;
  }

  /** Nothing on the page is out of reach, for eyes or for ears. */
  async function look(page: Page, name: string): Promise<void> {
    if (PICTURES !== undefined) {
      const path = `${PICTURES}/${name}-${locale}-${width}.png`;
      await page.screenshot({ path, fullPage: true });
    }
    if (!script) return;
    expect([name, await violations(page)]).toEqual([name, []]);
    expect([name, await overflow(page)]).toEqual([name, []]);
  }

  async function twoAdmins(): Promise<[Page, Page]> {
    const one = await hub.newMember({ role: 'admin', displayName: 'Noé' });
    const two = await hub.newMember({ role: 'owner', displayName: 'Inès' });
    return [await signedIn(one.username), await signedIn(two.username)];
  }

  async function askFor(page: Page, username: string): Promise<void> {
    await page.goto(at('/admin/recoveries'));
    await page.fill('#username', username);
    await page.click('#recovery-submit');
  }

  const entryOf = (page: Page) => page.locator('.entries > li', { hasText: member.username });

  it('two admins let somebody back in, who is told, and chooses a new password', async () => {
    const [one, two] = await twoAdmins();
    await askFor(one, 'personne-de-ce-nom');
    await one.waitForSelector('#fault');
    if (script) await expectFocus(one, 'error-summary');
    expect(await one.inputValue('#username')).toBe('personne-de-ce-nom');
    await look(one, 'recoveries-fault');
    await askFor(one, member.username);
    await one.waitForURL(/notice=requested/);
    await look(one, 'recoveries-requested');

    await two.goto(at('/admin/recoveries'));
    await entryOf(two).locator('[id^=approve-]').click();
    await two.waitForURL(/notice=approved/);
    expect(await entryOf(two).locator('[id^=link-]').count()).toBe(0);
    await look(two, 'recoveries-approved');
    await hub.database.query(
      `UPDATE assisted_recoveries SET ready_at = now() - interval '1 minute' WHERE subject = $1`,
      [member.subject],
    );
    await two.goto(at('/admin/recoveries'));
    await entryOf(two).locator('[id^=link-]').click();
    const link = (await two.locator('#recovery-link code').textContent()) as string;
    await look(two, 'recoveries-link');
    await two.goto(at('/admin/recoveries'));
    expect(await two.content()).not.toContain(link);

    const page = await visit();
    await page.goto(link);
    await look(page, 'recover-assisted');
    await page.fill('#password', 'camille');
    await page.click('#recover-password-submit');
    await page.waitForSelector('#fault-password');
    await page.fill('#password', NEW);
    await page.click('#recover-password-submit');
    await page.waitForURL(/login\?notice=password-changed/);
    await typePassword(page, member.username, NEW);
    await page.waitForURL(at('/'));
    // Over for everybody but the browser that has just used it, which it leads on.
    const late = await visit();
    await late.goto(link);
    await late.waitForSelector('#recover-expired');
    await look(late, 'recover-expired');
  });

  it('the person says that it was not them, by the message or at home', async () => {
    const [one, two] = await twoAdmins();
    const home = await signedIn(member.username);
    await askFor(one, member.username);
    const page = await visit();
    await page.goto(await linkIn(hub, member.email));
    await look(page, 'recover-refuse');
    await page.click('#refuse-submit');
    await page.waitForSelector('#recover-refused');
    await look(page, 'recover-refused');
    await two.goto(at('/admin/recoveries'));
    expect(await entryOf(two).count()).toBe(0);

    await askFor(one, member.username);
    await home.goto(at('/'));
    await look(home, 'home-recovery-under-way');
    await home.click('#recovery-refuse');
    await home.waitForURL(/notice=recovery-refused/);
    expect(await home.locator('#recovery-refuse').count()).toBe(0);
    await look(home, 'home-recovery-refused');
  });

  it('an account opens a second community, once somebody there has agreed', async () => {
    const page = await visit();
    await page.goto(at('/register', hub.neighbour));
    await page.click('#join-form button');
    await page.waitForURL(/\/join\/hermitage\//);
    await look(page, 'join-choose');
    await page.click('.choices a[href*="/lamyne/"]');
    await typePassword(page, member.username);
    await page.waitForSelector('#join-form');
    await look(page, 'join-confirm');
    await page.fill('#username', '');
    await page.fill('#display_name', 'Camille, ici');
    if (script) await page.evaluate(`document.querySelector('#join-form').noValidate = true`);
    else await page.fill('#username', 'é é');
    await page.locator('textarea').fill('Par une amie.');
    await page.click('#join-submit');
    await page.waitForSelector('#fault-username');
    expect(await page.inputValue('#display_name')).toBe('Camille, ici');
    expect(await page.locator('textarea').inputValue()).toBe('Par une amie.');
    if (script) await expectFocus(page, 'error-summary');
    await look(page, 'join-refused');
    await page.fill('#username', `${member.username}-la`);
    await page.click('#join-submit');
    await page.waitForURL(at('/login?notice=requested', hub.neighbour));
    await look(page, 'join-requested');
    const [joined] = await hub.database.query(
      'SELECT status, display_name FROM memberships WHERE community_id = $1 AND person_id = $2',
      [hub.neighbour.id, member.personId],
    );
    expect(joined).toEqual({ status: 'requested', display_name: 'Camille, ici' });
  });
});
