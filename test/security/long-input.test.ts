import { expect, it } from 'vitest';
import { useHub } from '../support/use-hub.ts';

let log = '';
const hub = useHub({
  env: { TROUSSEAU_ROLES: 'web', LOG_LEVEL: 'info' },
  log: (lines) => (log += lines),
  community: { slug: 'ici' },
  service: {},
});

const visit = (path: string) => fetch(`${hub.url}/c/ici${path}`, { redirect: 'manual' });

it('a query of any length is led to the sign-in by an address that proxies pass on', async () => {
  const long = await visit(`/account?x=${'%25'.repeat(3_000)}`);
  expect(long.headers.get('location')).toMatch(/\/login\?return_to=%2Faccount$/);
  const short = await visit('/account?page=2');
  expect(short.headers.get('location')).toMatch(/return_to=%2Faccount%3Fpage%3D2$/);
});

it('what stands in place of a client’s id or address is not in the log', async () => {
  const query = new URLSearchParams({
    client_id: 'a-password-typed-here',
    redirect_uri: 'https://app.example/a-token-in-a-path?x=1',
    response_type: 'code',
    scope: 'openid',
  });
  expect((await visit(`/oidc/auth?${query}`)).status).toBe(400);
  expect(log).toContain('unknown (21 characters)');
  expect(log).not.toContain('a-password-typed-here');
  expect(log).toContain('"redirectUri":"https://app.example"');
  expect(log).not.toContain('a-token-in-a-path');
});
