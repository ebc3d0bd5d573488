import type { Page } from 'playwright-core';
import { agree } from './visits.ts';

/** Where a Matrix client on this machine would be called back; the browser's visit is all we need. */
const CLIENT = 'http://client.localhost/matrix';

type LoggedIn = { user_id: string; access_token: string; device_id: string };

/** A Matrix client: what an app such as Element does to sign in, and what it asks for later. */
export function matrixClient(origin: string) {
  const api = (path: string, init: RequestInit = {}) =>
    fetch(`${origin}/_matrix/client/v3${path}`, init);
  const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });

  return {
    async flows(): Promise<{ type: string }[]> {
      const answer = (await (await api('/login')).json()) as { flows: { type: string }[] };
      return answer.flows;
    },
    /** Opens the server's single sign-on in the browser and stops where the hub asks something. */
    async openSso(page: Page): Promise<void> {
      await page.context().route(`${CLIENT}**`, (route) => route.fulfill({ body: 'back' }));
      const target = `${origin}/_matrix/client/v3/login/sso/redirect/oidc-trousseau`;
      await page.goto(`${target}?redirectUrl=${encodeURIComponent(CLIENT)}`);
    },
    /** From the hub's consent page, through Synapse's own, to an access token. */
    async finishSso(page: Page, { knows = false } = {}): Promise<LoggedIn> {
      // Whoever has seen what Matrix gets is not shown it again.
      if (!knows) await agree(page);
      await page.click(`a[href^="${CLIENT}"]`);
      await page.waitForURL(`${CLIENT}**`);
      const token = new URL(page.url()).searchParams.get('loginToken');
      const response = await api('/login', {
        method: 'POST',
        body: JSON.stringify({ type: 'm.login.token', token }),
      });
      const body = (await response.json()) as LoggedIn;
      if (response.status !== 200) throw new Error(`m.login.token: ${JSON.stringify(body)}`);
      return body;
    },
    /** 200 while the device is signed in, 401 afterwards. */
    async whoami(token: string): Promise<{ status: number; body: Record<string, unknown> }> {
      const response = await api('/account/whoami', bearer(token));
      return { status: response.status, body: (await response.json()) as Record<string, unknown> };
    },
    async profile(userId: string): Promise<Record<string, unknown>> {
      const response = await api(`/profile/${encodeURIComponent(userId)}`);
      return (await response.json()) as Record<string, unknown>;
    },
  };
}
