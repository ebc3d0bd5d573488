import { expect, it } from 'vitest';
import { setMemberStatus } from '../src/domain/memberships/set-member-status.ts';
import { useLieu, useReader } from './ldap/support/directory.ts';
import { dnsOf } from './ldap/support/ldap-client.ts';
import { Browser } from './support/browser.ts';
import { buildMember, buildService, PASSWORD } from './support/factories.ts';

const { hub, lieu } = useLieu();
const reader = useReader(hub, lieu);

it('somebody who waits to be let in is nobody to the apps, until they are', async () => {
  const { id } = lieu.community;
  const asked = await buildMember(hub.database, id, { username: 'camille', status: 'requested' });
  const service = await buildService(hub, lieu.community);
  await hub.app.settle();
  const inLdap = async () =>
    dnsOf(await reader.search(lieu.base, '(uid=camille)', { attributes: ['1.1'] }));
  const signIn = async () => {
    const browser = new Browser({ stopAt: (url) => url.origin !== new URL(hub.url).origin });
    const query = new URLSearchParams({
      client_id: service.clientId,
      response_type: 'code',
      scope: 'openid',
      redirect_uri: service.redirectUri,
      state: 's',
    });
    const page = await browser.open(`${hub.url}/c/${lieu.community.slug}/oidc/auth?${query}`);
    return browser.submit(page, '#login-form', { username: 'camille', password: PASSWORD });
  };
  expect(await inLdap()).toEqual([]);
  const refused = await signIn();
  expect(refused.status).toBe(403);
  expect(refused.document.querySelector('#membership-closed')).not.toBeNull();

  await hub.database.transaction((tx) => setMemberStatus(tx, id, asked.subject, 'admit', 'cli'));
  await hub.app.settle();
  expect(await inLdap()).toEqual([lieu.dnOf(asked)]);
  const allowed = await signIn();
  expect(allowed.status === 400).toBe(false);
  expect(allowed.document.querySelector('#fault')).toBeNull();
});
