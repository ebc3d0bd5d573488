import { readdirSync, readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { chooseAddress } from '../src/domain/addresses/choose-address.ts';
import { mintLink } from '../src/domain/links/link-store.ts';
import type { MemberChange } from '../src/domain/memberships/member-change.ts';
import { saveMembers } from '../src/domain/memberships/save-members.ts';
import { notifyMembers } from '../src/domain/notices/notify-member.ts';
import {
  approveRecovery,
  handOutLink,
  listRecoveries,
  requestRecovery,
} from '../src/domain/recovery/assisted-recovery.ts';
import type { Transaction } from '../src/platform/database/database.ts';
import { useLieu, useReader } from './ldap/support/directory.ts';
import { dnsOf } from './ldap/support/ldap-client.ts';
import { Browser } from './support/browser.ts';
import {
  type BuiltCommunity,
  type BuiltMember,
  buildCommunity,
  buildMember,
  buildService,
  PASSWORD,
} from './support/factories.ts';
import { JoinVisit } from './support/join-visit.ts';
import { mailsTo } from './support/newcomers.ts';
import { RelyingParty } from './support/relying-party.ts';

const NEW = 'sept oignons et une brouette';

const { hub, lieu } = useLieu({ slug: 'fabrique', accent: '#0a7d5a' });
const reader = useReader(hub, lieu);
let open: BuiltCommunity;
let app: RelyingParty;
let admins: [BuiltMember, BuiltMember];

beforeAll(async () => {
  open = await buildCommunity(hub.database, { slug: 'ouverte', registration: 'open' });
  app = new RelyingParty(hub.url, lieu.community, await buildService(hub, lieu.community));
  admins = [await newMember({ role: 'admin' }), await newMember({ role: 'owner' })];
});

const newMember = (values = {}) => buildMember(hub.database, lieu.community.id, values);
const place = () => ({ communityId: lieu.community.id, issuerUrl: app.issuer });

async function change<Result>(work: (tx: Transaction) => Promise<Result>): Promise<Result> {
  const result = await hub.database.transaction(work);
  await hub.app.settle();
  return result;
}

const save = (member: MemberChange) =>
  change((tx) =>
    saveMembers(tx, { id: lieu.community.id, issuerUrl: undefined }, [member], 'apply'),
  );

type Known = BuiltMember & { password: string };

/** The member opens a link that was sent to their address. */
async function prove(member: Known): Promise<Known> {
  const { subject, email } = member;
  const link = { kind: 'verification' as const, subject, email, hours: 1 };
  const token = await mintLink(hub.database, lieu.community.id, link);
  const visitor = new Browser();
  const page = await visitor.open(`${app.issuer}/verify/${token}`);
  await visitor.submit(page, 'form[action*="/verify/"]');
  await hub.app.settle();
  return member;
}

/** Two admins let the member in again, who gives a new password. */
async function rescue(member: Known): Promise<Known> {
  const [one, two] = admins;
  const { token } = await change(async (tx) => {
    const { subject } = member;
    await requestRecovery(tx, place(), { subject, by: one.subject, delayHours: 1 });
    const requests = await listRecoveries(tx, lieu.community.id);
    const id = requests.find((each) => each.subject === subject)?.id as string;
    await approveRecovery(tx, lieu.community.id, { id, by: two.subject, delayHours: 1 });
    await tx.query(
      `UPDATE assisted_recoveries SET ready_at = now() - interval '1 minute' WHERE id = $1`,
      [id],
    );
    return handOutLink(tx, place(), { id, by: two.subject });
  });
  const visitor = new Browser();
  const page = await visitor.open(`${app.issuer}/recover/assisted/${token}`);
  await visitor.submit(page, '#recover-password-form', { password: NEW });
  const [row] = await hub.database.query<{ personId: string }>(
    'SELECT person_id AS "personId" FROM memberships WHERE subject = $1',
    [member.subject],
  );
  await hub.app.settle();
  return { ...member, personId: row?.personId as string, password: NEW };
}

/** As a file or an operator's command writes an address down. */
async function vouch(member: Known): Promise<Known> {
  await save({ subject: member.subject, email: member.email, emailVerified: true });
  return member;
}

async function moveAddress(member: Known): Promise<Known> {
  const email = `autre-${member.email}`;
  await save({ subject: member.subject, email });
  return { ...member, email };
}

async function vouched(): Promise<Known> {
  return { ...(await newMember()), password: PASSWORD };
}

/** What each side says of the address that the community uses. */
async function allSidesOf(member: Known) {
  const { subject, username, email, password, personId } = member;
  const browser = new Browser({ stopAt: (url) => url.hostname.endsWith('.example') });
  const tokens = await app.tokens(await app.signIn(browser, username, {}, password));
  const claims = (await (await app.userinfo(tokens.access_token)).json()) as object;
  const overview = await browser.open(`${app.issuer}/account`);
  const page = await browser.open(`${app.issuer}/account/emails`);
  const line = page.document
    .querySelectorAll('#addresses li')
    .find((item) => item.querySelector('bdi')?.text === email);
  const join = await new JoinVisit(hub, lieu.community, member, browser).toConfirmation(open);
  const { id } = lieu.community;
  return {
    claim: 'email_verified' in claims ? claims.email_verified : undefined,
    ldap: dnsOf(await reader.search(lieu.base, `(mail=${email})`)).length === 1,
    overview: overview.document.querySelector('#check-email')?.classNames,
    page: /Confirmée|Indiquée par l’équipe|En attente/.exec(line?.text ?? '')?.[0],
    joins: join.document
      .querySelectorAll('#email option')
      .some((option) => option.getAttribute('value') === email),
    choosable: await change(async (tx) => {
      const outcome = await chooseAddress(tx, { ...place(), subject, address: email });
      return outcome === undefined;
    }),
    toldElsewhere: await isToldElsewhere(subject, personId, email),
    recovers: await recovers(id, member),
  };
}

/** Whether a notice about the account goes to the address when the community uses none. */
async function isToldElsewhere(subject: string, personId: string, email: string): Promise<boolean> {
  const { id: communityId } = lieu.community;
  const count = async () => (await mailsTo(hub.database, communityId, email)).length;
  const before = await count();
  await hub.database.transaction(async (tx) => {
    const use = (address: string | null) =>
      tx.query('UPDATE memberships SET email = $2, email_key = $2 WHERE person_id = $1', [
        personId,
        address,
      ]);
    await use(null);
    await notifyMembers(tx, { ...place(), template: 'password-changed' }, [{ subject, data: {} }]);
    await use(email);
  });
  return (await count()) > before;
}

/** Whether whoever asks for a link to recover the account is written to at the address. */
async function recovers(communityId: string, { username, email }: Known): Promise<boolean> {
  const visitor = new Browser();
  const page = await visitor.open(`${app.issuer}/recover`);
  await visitor.submit(page, '#recover-form', { username });
  const isWaiting = `SELECT 1 FROM outbox WHERE kind = 'recovery-request' AND done_at IS NULL AND failed_at IS NULL`;
  await expect.poll(() => hub.database.query(isWaiting), { timeout: 20_000 }).toEqual([]);
  const mails = await mailsTo(hub.database, communityId, email);
  return mails.some(({ template }) => template === 'recovery');
}

const PROVEN = {
  claim: true,
  ldap: true,
  overview: 'good',
  page: 'Confirmée',
  joins: true,
  choosable: true,
  toldElsewhere: true,
  recovers: true,
};
/** Apps take the word that the community takes; the member is asked to confirm, wherever it is theirs to prove. */
const VOUCHED = {
  claim: true,
  ldap: true,
  overview: 'wanting',
  page: 'Indiquée par l’équipe',
  joins: false,
  choosable: false,
  toldElsewhere: false,
  recovers: true,
};
const OPEN = { ...VOUCHED, claim: undefined, ldap: false, page: 'En attente' };
/** The mailbox of before may be in other hands. */
const RESCUED = { ...OPEN, recovers: false };

describe('all sides agree on an address', () => {
  it.each([
    ['that was never proven', async () => moveAddress(await vouched()), OPEN],
    ['that a file says is verified', vouched, VOUCHED],
    ['that the member proved', async () => prove(await vouched()), PROVEN],
    [
      'that a file says again of one that was proven',
      async () => vouch(await prove(await vouched())),
      PROVEN,
    ],
    [
      'that was changed, and not proven',
      async () => moveAddress(await prove(await vouched())),
      OPEN,
    ],
    ['after a recovery by two admins', async () => rescue(await prove(await vouched())), RESCUED],
    [
      'that a file says is verified after such a recovery',
      async () => vouch(await rescue(await vouched())),
      RESCUED,
    ],
    [
      'that is proven anew after such a recovery',
      async () => prove(await rescue(await vouched())),
      PROVEN,
    ],
  ] as const)('%s', async (_, make, expected) => {
    expect(await allSidesOf(await make())).toEqual(expected);
  });

  it('since it is read in one place', () => {
    const files = readdirSync('src', { recursive: true, encoding: 'utf8' });
    const readers = files
      // Hosts are proven, too, and have no addresses.
      .filter((file) => file.endsWith('.ts') && !/hosts(\/|\.ts)/.test(file))
      .filter((file) =>
        /\b(verified_at|proven_at)\s+(IS|[<>=]+ (?!COALESCE|now\(\)))/.test(
          readFileSync(`src/${file}`, 'utf8'),
        ),
      );
    expect(readers).toEqual(['domain/address-standing.ts']);
  });
});
