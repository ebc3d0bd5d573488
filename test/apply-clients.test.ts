import { afterAll, beforeAll, expect, it } from 'vitest';
import { loadCommunity } from '../src/domain/communities/community-store.ts';
import { applyText, HUB } from './support/apply-text.ts';
import { cloneDatabase, type TestDatabase } from './support/database.ts';

// What a file says of a client's kind, of how it proves itself, and of what it is told.

let db: TestDatabase;
beforeAll(async () => {
  db = await cloneDatabase();
});
afterAll(() => db.drop());

const CLIENT =
  'client: { id: wiki, secret: secret-of-the-wiki, redirectUris: ["https://wiki.example/cb"] }';
const file = (client: string, more = '') => HUB.replace(CLIENT, `${more}client: ${client}`);

async function wiki() {
  const community = await loadCommunity(db.database, { slug: 'lamyne' });
  return community?.services.find(({ slug }) => slug === 'wiki');
}

async function fieldsOf(text: string): Promise<string[] | undefined> {
  const plan = await applyText(db.database, text);
  return plan.changes.find(({ kind, name }) => kind === 'service' && name === 'wiki')?.fields;
}

it('a client that says nothing of it is of the web, and takes its secret either way', async () => {
  await applyText(db.database, HUB);
  expect(await wiki()).toMatchObject({
    sessionHours: null,
    hasReader: true,
    client: {
      kind: 'web',
      lanHttp: false,
      tokenEndpointAuthMethod: 'client_secret_basic',
      authOnly: false,
      backchannelLogoutToInitiator: false,
      requirePkce: false,
    },
  });
});

it('what the file says is stored, told by its name, and not told again', async () => {
  const native = file(
    `{ id: wiki, kind: native, lanHttp: true, secret: secret-of-the-wiki, auth: {only: client_secret_post}, ${'backchannelLogoutToInitiator: true, redirectUris: ["oc://wiki", "http://192.168.1.4/cb"]'} }`,
    'sessionHours: 12\n        ',
  );
  expect(await fieldsOf(native)).toEqual([
    'sessionHours',
    'client.kind',
    'client.lanHttp',
    'client.redirectUris',
    'client.backchannelLogoutToInitiator',
    'client.auth',
    'client.authOnly',
  ]);
  expect(await wiki()).toMatchObject({
    sessionHours: 12,
    client: {
      kind: 'native',
      lanHttp: true,
      tokenEndpointAuthMethod: 'client_secret_post',
      authOnly: true,
      backchannelLogoutToInitiator: true,
    },
  });
  expect(await fieldsOf(native)).toBeUndefined();
});

it('a client that is of another kind again has nothing left of the one before', async () => {
  await applyText(
    db.database,
    file('{ id: wiki, kind: spa, redirectUris: ["https://wiki.example/cb"] }'),
  );
  expect((await wiki())?.client).toMatchObject({
    kind: 'spa',
    lanHttp: false,
    tokenEndpointAuthMethod: 'none',
    sealedSecret: null,
    requirePkce: true,
  });
  await applyText(db.database, HUB);
  expect((await wiki())?.client).toMatchObject({
    kind: 'web',
    tokenEndpointAuthMethod: 'client_secret_basic',
    authOnly: false,
  });
});

it('a new native client has to prove itself by PKCE, with a secret as well', async () => {
  await applyText(
    db.database,
    `${HUB}      - slug: desktop
        recipe: generic-oidc
        client: { id: desktop, kind: native, secret: secret-of-the-desktop, redirectUris: ["http://localhost"] }
`,
  );
  const community = await loadCommunity(db.database, { slug: 'lamyne' });
  const desktop = community?.services.find(({ slug }) => slug === 'desktop');
  expect(desktop?.client).toMatchObject({ kind: 'native', requirePkce: true });
});

it('an address that its kind may not have is refused, whatever was there before', async () => {
  const native = '{ id: wiki, kind: native, auth: none, redirectUris: ["oc://wiki"] }';
  await applyText(db.database, file(native));
  const asWeb = file(
    '{ id: wiki, kind: web, auth: none, postLogoutRedirectUris: ["oc://wiki"], redirectUris: ["https://wiki.example/"] }',
  );
  await expect(applyText(db.database, asWeb)).rejects.toThrow(
    'postLogoutRedirectUris[0]: has the scheme',
  );
  const lan = file('{ id: wiki, auth: none, redirectUris: ["http://192.168.1.4/cb"] }');
  await expect(applyText(db.database, lan)).rejects.toThrow('lanHttp');
});
