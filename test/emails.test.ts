import { describe, expect, it } from 'vitest';
import { mintLink } from '../src/domain/links/link-store.ts';
import { setPassword } from '../src/domain/memberships/set-password.ts';
import { visit } from './support/account-visits.ts';
import { buildElsewhere, giveAddress } from './support/belongings.ts';
import { Browser, type Page } from './support/browser.ts';
import { buildCommunity } from './support/factories.ts';
import { keptMail, linkIn } from './support/kept-mails.ts';
import { useHub } from './support/use-hub.ts';

const hub = useHub({ community: { name: 'La MYNE' } });

let counter = 0;
const fresh = () => {
  counter += 1;
  return `nouvelle${counter}@poste.example`;
};

type Visit = Awaited<ReturnType<typeof visit>>;

async function add({ browser, at }: Visit, email: string, choose = true): Promise<Page> {
  const page = await browser.open(at('/account/emails'));
  return browser.submit(page, '#email-form', { email, choose: choose ? 'yes' : '' });
}

/** The page behind the link that an address was sent. */
async function openProof(email: string, browser: Browser): Promise<Page> {
  return browser.open(linkIn(await keptMail(hub, email, '/verify/'), '/verify/'));
}

async function emailOf(subject: string): Promise<string | null> {
  const [row] = await hub.database.query('SELECT email FROM memberships WHERE subject = $1', [
    subject,
  ]);
  return row.email;
}

async function addressesOf(personId: string) {
  const rows = await hub.database.query<{ address: string; proven: boolean }>(
    `SELECT address, proven_at IS NOT NULL AS proven FROM person_emails WHERE person_id = $1 ORDER BY created_at`,
    [personId],
  );
  return Object.fromEntries(rows.map(({ address, proven }) => [address, proven]));
}

/** Who was written to with a template, besides those who were before. */
async function writtenTo(template: string, subjectOf: string): Promise<string[]> {
  const rows = await hub.database.query<{ to: string }>(
    `SELECT payload->>'to' AS to FROM outbox WHERE kind = 'mail' AND payload->>'template' = $1
       AND payload->'data'->>'address' = $2`,
    [template, subjectOf],
  );
  return rows.map(({ to }) => to).sort();
}

const noticeOf = (page: Page) => page.document.querySelector('.notice[role=status]')?.text.trim();
const faultOf = (page: Page) => page.document.querySelector('#error-summary')?.text.trim();

/** The button of an entry's form. */
function entryForm(page: Page, address: string, what: string): string {
  const forms = page.document.querySelectorAll(`form[action$="/${what}"]`);
  const form = forms.find(
    (one) => one.querySelector('[name=address]')?.getAttribute('value') === address,
  );
  form?.setAttribute('id', 'chosen-form');
  return '#chosen-form';
}

describe('an address', () => {
  it('becomes the one of the community once its owner has opened the link, not before', async () => {
    const visitor = await visit(hub, hub.community);
    const email = fresh();
    expect(noticeOf(await add(visitor, email))).toContain('Nous avons envoyé un message');
    expect(await emailOf(visitor.member.subject)).toBe(visitor.member.email);
    const page = await openProof(email, visitor.browser);
    expect(page.text).toContain(email);
    expect(await emailOf(visitor.member.subject)).toBe(visitor.member.email);
    const done = await visitor.browser.submit(page, '#verify-form');
    expect(done.url).toBe(visitor.at('/account/emails?notice=chosen'));
    expect(await emailOf(visitor.member.subject)).toBe(email);
    expect(await addressesOf(visitor.member.personId)).toMatchObject({ [email]: true });
    // The old one, too.
    expect(await writtenTo('email-changed', email)).toEqual([email, visitor.member.email].sort());
    expect((await keptMail(hub, visitor.member.email, email)).text).toContain(email);
  });

  it('is proven for whoever asked, and for nobody else, whoever opens the link', async () => {
    const asker = await visit(hub, hub.community);
    const other = await visit(hub, hub.community);
    const email = fresh();
    await add(asker, email);
    const page = await openProof(email, other.browser);
    expect(page.document.querySelector('.person')?.text).toContain(asker.member.username);
    expect(page.document.querySelector('.notice')?.text).toContain(other.member.username);
    const done = await other.browser.submit(page, '#verify-form');
    expect(done.document.querySelector('h1')?.text).toBe('Adresse confirmée');
    expect(await emailOf(asker.member.subject)).toBe(email);
    expect(await emailOf(other.member.subject)).toBe(other.member.email);
    expect(await addressesOf(other.member.personId)).not.toHaveProperty([email]);
  });

  it('is proven once, however often and however simultaneously the link is opened', async () => {
    const asker = await visit(hub, hub.community);
    const email = fresh();
    await add(asker, email);
    const visitors = [new Browser(), new Browser()];
    const pages = await Promise.all(visitors.map((browser) => openProof(email, browser)));
    const answers = await Promise.all(
      visitors.map((browser, index) => browser.submit(pages[index] as Page, '#verify-form')),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 404]);
    expect(await writtenTo('email-changed', email)).toHaveLength(2);
    expect((await openProof(email, new Browser())).status).toBe(404);
  });

  it('of another member is answered for as any other, and its owner is told', async () => {
    const asker = await visit(hub, hub.community);
    const owner = await hub.newMember();
    const page = await add(asker, owner.email);
    expect(noticeOf(page)).toBe(noticeOf(await add(asker, fresh())));
    const mail = await keptMail(hub, owner.email);
    expect(mail.text).toContain('déjà celle d’un autre compte');
    expect(mail.text).not.toMatch(/verify|membre\d/);
    const links = await hub.database.query('SELECT 1 FROM links WHERE email = $1', [owner.email]);
    expect(links).toEqual([]);
  });

  it('that another member took meanwhile is proven, and not chosen', async () => {
    const asker = await visit(hub, hub.community);
    const email = fresh();
    await add(asker, email);
    const proof = await openProof(email, asker.browser);
    await hub.newMember({ email });
    const done = await asker.browser.submit(proof, '#verify-form');
    expect(done.url).toContain('notice=taken');
    expect(await emailOf(asker.member.subject)).toBe(asker.member.email);
    const refused = await asker.browser.submit(done, entryForm(done, email, 'choose'));
    expect(faultOf(refused)).toContain('utilise déjà cette adresse');
  });

  it('that was added before the password changed is proven by no link of then', async () => {
    const visitor = await visit(hub, hub.community);
    const email = fresh();
    await add(visitor, email);
    const page = await openProof(email, visitor.browser);
    await hub.database.transaction((tx) =>
      setPassword(tx, hub.community.id, visitor.member.subject, 'another hash', 'hub'),
    );
    expect((await openProof(email, new Browser())).status).toBe(404);
    expect((await visitor.browser.submit(page, '#verify-form')).status).toBe(404);
    expect(await emailOf(visitor.member.subject)).toBe(visitor.member.email);
  });

  it('of a community proves nothing in another', async () => {
    const elsewhere = await buildCommunity(hub.database);
    const visitor = await visit(hub, hub.community);
    const email = fresh();
    await add(visitor, email);
    const link = linkIn(await keptMail(hub, email, '/verify/'), '/verify/');
    const there = link.replace(`/c/${hub.community.slug}/`, `/c/${elsewhere.slug}/`);
    expect((await new Browser().open(there)).status).toBe(404);
    expect((await new Browser().open(`${link}x`)).status).toBe(404);
    expect((await new Browser().open(link.slice(0, -3))).status).toBe(404);
  });
});

describe('the addresses of a member', () => {
  it('are shown only after a recent sign-in', async () => {
    const page = await new Browser().open(`${hub.issuer}/account/emails`);
    expect(page.url).toContain('/login?return_to=');
  });

  it.each([
    ['nothing', '', 'Indiquez une adresse'],
    ['a name', 'alice', 'n’est pas complète'],
    ['a header', 'alice@poste.example\r\nBcc: eve@evil.example', 'n’est pas complète'],
    ['10,000 characters', `${'a'.repeat(10_000)}@poste.example`, 'n’est pas complète'],
  ])('refuse %s beside its field, and keep what was typed', async (_what, email, words) => {
    const visitor = await visit(hub, hub.community);
    const page = await add(visitor, email);
    expect(page.status).toBe(400);
    expect(faultOf(page)).toContain(words);
    const input = page.document.querySelector('#email');
    expect(input?.getAttribute('aria-describedby')).toContain('fault-email');
    expect(input?.getAttribute('value')).toBe(email.trim().slice(0, 254));
  });

  it('are at most ten, two requests at once counted together', async () => {
    const visitor = await visit(hub, hub.community);
    const { browser, at, member } = visitor;
    for (let i = 0; i < 8; i += 1)
      await giveAddress(hub.database, hub.community.id, member, fresh());
    // Once there are ten, the page has no form any more.
    const form = await browser.open(at('/account/emails'));
    const pages = await Promise.all(
      [fresh(), fresh()].map((email) => browser.submit(form, '#email-form', { email })),
    );
    expect(pages.map(({ status }) => status).sort()).toEqual([200, 400]);
    expect(Object.keys(await addressesOf(member.personId))).toHaveLength(10);
  });

  it('can be proven again, chosen, and removed where no community uses them', async () => {
    const visitor = await visit(hub, hub.community);
    const { browser, at, member } = visitor;
    const email = fresh();
    const token = await mintLink(hub.database, hub.community.id, {
      kind: 'verification',
      subject: member.subject,
      email: member.email,
      hours: 24,
    });
    await browser.submit(await browser.open(at(`/verify/${token}`)), '#verify-form');
    await add(visitor, email, false);
    await browser.submit(await openProof(email, browser), '#verify-form');
    expect(await emailOf(member.subject)).toBe(member.email);

    let page = await browser.open(at('/account/emails'));
    expect(page.document.querySelectorAll('form[action$="/remove"]')).toHaveLength(1);
    page = await browser.submit(page, entryForm(page, email, 'choose'));
    expect(noticeOf(page)).toContain('a changé');
    expect(await emailOf(member.subject)).toBe(email);
    page = await browser.submit(page, entryForm(page, member.email, 'remove'));
    expect(await addressesOf(member.personId)).toEqual({ [email]: true });
  });

  it('stay where another community uses them, and that community is not told', async () => {
    const visitor = await visit(hub, hub.community);
    const { browser, at, member } = visitor;
    const elsewhere = await buildCommunity(hub.database);
    const email = fresh();
    await giveAddress(hub.database, hub.community.id, member, email, { isProven: true });
    await buildElsewhere(hub.database, elsewhere.id, member, { username: 'la-bas', email });
    const page = await browser.open(at('/account/emails'));
    expect(page.text).toContain('autre de vos communautés');
    const form = entryForm(page, email, 'choose');
    page.document
      .querySelector(form)
      ?.setAttribute('action', new URL(at('/account/emails/remove')).pathname);
    expect(faultOf(await browser.submit(page, form))).toContain('Une de vos communautés');
    const events = await hub.database.query('SELECT details FROM events WHERE community_id = $1', [
      hub.community.id,
    ]);
    expect(JSON.stringify(events)).not.toContain(email);
  });

  it("are nobody else's to choose, prove or remove", async () => {
    const visitor = await visit(hub, hub.community);
    const victim = await hub.newMember();
    const page = await add(visitor, fresh());
    for (const what of ['choose', 'remove', 'send']) {
      const form = page.document.querySelector('form[action$="/remove"]');
      form?.setAttribute('action', new URL(visitor.at(`/account/emails/${what}`)).pathname);
      form?.setAttribute('id', 'forged');
      await visitor.browser.submit(page, '#forged', { address: victim.email });
    }
    expect(await addressesOf(victim.personId)).toHaveProperty([victim.email]);
    expect(await emailOf(visitor.member.subject)).toBe(visitor.member.email);
  });
});
