import { beforeAll, describe, expect, it } from 'vitest';
import { createAppPassword } from '../../src/domain/app-passwords/app-password.ts';
import { createInvitation } from '../../src/domain/invitations/create-invitation.ts';
import { type LinkKind, mintLink } from '../../src/domain/links/link-store.ts';
import { setPicture } from '../../src/domain/pictures/change-picture.ts';
import { givePasskey } from '../support/belongings.ts';
import { Browser } from '../support/browser.ts';
import { type BuiltCommunity, buildMember, buildService, PASSWORD } from '../support/factories.ts';
import { useHub } from '../support/use-hub.ts';
import { allThatIsStored } from './all-that-is-stored.ts';
import { asForm, sendRaw } from './raw-request.ts';

// What is another's: an owner of one community asks for things of another person, or of another community.

const hub = useHub({
  env: { TROUSSEAU_ROLES: 'web' },
  community: { registration: 'approval' },
  neighbour: { registration: 'approval' },
  member: { role: 'owner' },
});
let browser: Browser;
let csrf: string;

type Things = {
  passkey: string;
  appPassword: string;
  session: string;
  address: string;
  picture: string;
  request: string;
  invitation: { id: string; token: string };
};
const things = {} as { colleague: Things; stranger: Things };

beforeAll(async () => {
  things.colleague = await thingsOf(hub.community);
  things.stranger = await thingsOf(hub.neighbour);
  await hub.app.settle();
  browser = new Browser();
  await browser.signIn(at('/login'), { username: hub.member.username, password: PASSWORD });
  const account = await browser.open(at('/account/sessions'));
  csrf = account.document.querySelector('input[name=csrf]')?.getAttribute('value') as string;
});

const at = (path: string, community = hub.community) => `${hub.url}/c/${community.slug}${path}`;

/** Somebody with one of each thing. */
async function thingsOf(community: BuiltCommunity): Promise<Things> {
  const db = hub.database;
  const member = await buildMember(db, community.id, { role: 'owner' });
  const asking = await buildMember(db, community.id, { status: 'requested' });
  const service = await buildService(hub, community);
  const { subject } = member;
  const bytes = Buffer.from([0]);
  const picture = await db.transaction((tx) => setPicture(tx, community.id, subject, bytes, 'cli'));
  const own = new Browser();
  const { username } = member;
  await own.submit(await own.open(at('/login', community)), '#login-form', {
    username,
    password: PASSWORD,
  });
  const [session] = await db.query<{ uid: string }>('SELECT uid FROM sessions WHERE subject = $1', [
    subject,
  ]);
  const mine = { subject, serviceId: service.id, name: 'Courriel' };
  const appPassword = await db.transaction((tx) =>
    createAppPassword(tx, community.id, mine, 'cli'),
  );
  return {
    passkey: await givePasskey(db, member),
    appPassword: appPassword.id,
    session: session?.uid as string,
    address: member.email,
    picture,
    request: asking.subject,
    invitation: await db.transaction((tx) =>
      createInvitation(
        tx,
        hub.sealer,
        community.id,
        { label: 'Fête', role: 'member', groupIds: [], maxUses: 1, days: 1 },
        'cli',
      ),
    ),
  };
}

async function ask(method: 'GET' | 'POST', path: string, fields: Record<string, string> = {}) {
  const cookie = await browser.jar.getCookieString(at('/account'));
  const form = method === 'POST' ? asForm({ csrf, ...fields }) : { headers: {} };
  return sendRaw(hub, new URL(at(path)).pathname, {
    ...form,
    method,
    headers: { ...form.headers, cookie },
  });
}

type Ask = (all: Things) => Parameters<typeof ask>;
/** What belongs to a person, whoever asks. */
const PERSONAL: Record<string, Ask> = {
  'renaming a passkey': ({ passkey }) => [
    'POST',
    `/account/passkeys/${passkey}/name`,
    { name: 'x' },
  ],
  'removing a passkey': ({ passkey }) => ['POST', `/account/passkeys/${passkey}/remove`],
  'revoking an app password': ({ appPassword }) => [
    'POST',
    `/account/app-passwords/${appPassword}/revoke`,
  ],
  'ending a session': ({ session }) => ['POST', '/account/sessions/end', { uid: session }],
  'choosing an address': ({ address }) => ['POST', '/account/emails/choose', { address }],
  'removing an address': ({ address }) => ['POST', '/account/emails/remove', { address }],
  'asking for the proof of an address': ({ address }) => [
    'POST',
    '/account/emails/send',
    { address },
  ],
};
/** What belongs to a community, and so to its owner. */
const COMMUNAL: Record<string, Ask> = {
  'looking at an invitation': ({ invitation }) => ['GET', `/admin/invitations/${invitation.id}`],
  'revoking an invitation': ({ invitation }) => ['POST', `/admin/invitations/${invitation.id}`],
  'opening an invitation': ({ invitation }) => ['GET', `/invitations/${invitation.token}`],
  'using an invitation': ({ invitation }) => ['POST', `/invitations/${invitation.token}`],
  'admitting somebody': ({ request }) => [
    'POST',
    '/admin/requests',
    { subject: request, decision: 'admit' },
  ],
  'looking at a picture': ({ picture }) => ['GET', `/pictures/${picture}`],
};

/** An address that is not there is removed already. */
const REFUSED = [400, 404, 410, 303];

describe('what is a colleague’s', () => {
  it.each(Object.entries(PERSONAL))('%s is not found', async (_, how) => {
    const before = await allThatIsStored(hub.database);
    const { status } = await ask(...how(things.colleague));
    expect(REFUSED).toContain(status);
    expect(await allThatIsStored(hub.database)).toEqual(before);
  });
});

describe('what is another community’s', () => {
  it.each(Object.entries({ ...PERSONAL, ...COMMUNAL }))('%s is not found', async (_, how) => {
    const before = await allThatIsStored(hub.database);
    const { status, text } = await ask(...how(things.stranger));
    expect(REFUSED).toContain(status);
    expect(text).not.toContain('Fête');
    expect(await allThatIsStored(hub.database)).toEqual(before);
  });

  it('is there, and the owner’s, where it belongs', async () => {
    for (const name of [
      'looking at an invitation',
      'opening an invitation',
      'looking at a picture',
    ]) {
      const how = COMMUNAL[name] as Ask;
      expect([name, (await ask(...how(things.colleague))).status]).toEqual([name, 200]);
    }
  });
});

describe('a link', () => {
  const PATHS: Partial<Record<LinkKind, string>> = {
    registration: '/register',
    verification: '/verify',
    recovery: '/recover',
  };
  const kinds = Object.entries(PATHS) as [LinkKind, string][];

  const mint = (community: BuiltCommunity, kind: LinkKind, hours = 1) =>
    mintLink(hub.database, community.id, { kind, email: 'neuve@exemple.fr', hours });

  it.each(kinds)(
    'for %s that is another’s, old, cut short or of another kind opens nothing',
    async (kind, path) => {
      const good = await mint(hub.community, kind);
      const other = kinds.find(([another]) => another !== kind)?.[0] as LinkKind;
      const tokens = {
        'another community’s': await mint(hub.neighbour, kind),
        expired: await mint(hub.community, kind, -1),
        'of another kind': await mint(hub.community, other),
        'cut short': good.slice(0, -1),
        'with more behind it': `${good}A`,
        'in other letters': good.toLowerCase() === good ? good.toUpperCase() : good.toLowerCase(),
      };
      for (const [what, token] of Object.entries(tokens)) {
        const before = await allThatIsStored(hub.database);
        for (const method of ['GET', 'POST'] as const) {
          const { status, text } = await ask(method, `${path}/${token}`, {
            password: 'sept girafes jouent au tarot',
            username: 'neuve',
            displayName: 'Neuve',
          });
          expect([what, method, status]).toEqual([
            what,
            method,
            expect.toSatisfy((code) => code >= 400 && code < 500),
          ]);
          expect(text).not.toContain('neuve@exemple.fr');
        }
        expect([what, await allThatIsStored(hub.database)]).toEqual([what, before]);
      }
    },
  );
});
