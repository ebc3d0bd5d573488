import { afterAll, beforeAll, expect, it } from 'vitest';
import { type LdapPlace, SECRETS, startLdapPlace, withinASecond } from './support/ldap-place.ts';
import { startProsody } from './support/ldap-prosody.ts';
import { signInToXmpp } from './support/xmpp-client.ts';

/** Prosody: an XMPP server whose accounts are the members of a group. */
let place: LdapPlace;
let prosody: Awaited<ReturnType<typeof startProsody>>;
beforeAll(async () => {
  place = await startLdapPlace();
  prosody = await startProsody(place, 'membres');
});
afterAll(async () => {
  await prosody?.stop();
  await place?.stop();
});

const signIn = (username: string, password: string) =>
  signInToXmpp(prosody.port, username, password);
const REFUSED = { refused: 'not-authorized' };

it('signs members in by their own password, in whatever letters their name is', async () => {
  expect(await signIn('alice', SECRETS.alice)).toEqual({ jid: 'alice@lamyne.example/test' });
  expect(await signIn('zoé', SECRETS.zoe)).toEqual({ jid: 'zoé@lamyne.example/test' });
});

it('signs a member in by an app password', async () => {
  const secret = await place.appPassword('bob');
  expect(await signIn('bob', secret)).toEqual({ jid: 'bob@lamyne.example/test' });
});

it('refuses a wrong or an empty password, and whoever is not in the group (row 9)', async () => {
  expect(await signIn('alice', 'wrong')).toEqual(REFUSED);
  expect(await signIn('alice', '')).toHaveProperty('refused');
  expect(await signIn('hugo', await place.appPassword('hugo'))).toEqual(REFUSED);
  expect(await signIn('nobody', SECRETS.alice)).toEqual(REFUSED);
});

it('refuses a suspended member within a second, and takes them again when they are back', async () => {
  const secret = await place.appPassword('bob');
  expect(await signIn('bob', secret)).toHaveProperty('jid');
  await place.setStatus('bob', 'suspend');
  await withinASecond(async () => 'refused' in (await signIn('bob', secret)));
  await place.setStatus('bob', 'resume');
  await withinASecond(async () => 'jid' in (await signIn('bob', secret)));
});
