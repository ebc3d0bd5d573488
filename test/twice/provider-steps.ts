import { buildCommunity, buildService } from '../support/factories.ts';
import type { TestHub } from '../support/hub.ts';
import { RelyingParty } from '../support/relying-party.ts';
import { newBrowser, place } from './sign-in-steps.ts';
import type { StepTried } from './step.ts';

/** Forms of the provider's own. */
export async function providerSteps(hub: TestHub): Promise<StepTried[]> {
  const community = await buildCommunity(hub.database);
  const { issuer, newMember, login } = place(hub, community);
  const client = {
    auth: 'none' as const,
    grants: ['urn:ietf:params:oauth:grant-type:device_code'],
    redirectUris: [],
  };
  const device = new RelyingParty(
    hub.url,
    community,
    await buildService(hub, community, {}, client),
  );
  const signedIn = async () => {
    const { username } = await newMember();
    const browser = newBrowser();
    const { page, form, fields } = login(browser, await browser.open(`${issuer}/login`), username);
    await browser.submit(page, form, fields);
    return browser;
  };
  return [
    {
      name: 'the sign-out',
      routes: [],
      prepare: async () => {
        const browser = await signedIn();
        const page = await browser.open(`${issuer}/oidc/session/end`);
        return { browser, page, form: '#logout-form', fields: {}, button: '#logout-confirm' };
      },
      isThere: ({ url, status }) => url.includes('/session/end/success') && status === 200,
    },
    {
      name: 'letting a device in',
      routes: [],
      prepare: async () => {
        const browser = await signedIn();
        const answer = await fetch(`${issuer}/oidc/device/auth`, {
          method: 'POST',
          body: new URLSearchParams({ client_id: device.service.clientId, scope: 'openid' }),
        });
        const codes = (await answer.json()) as { verification_uri: string; user_code: string };
        const asked = await browser.open(codes.verification_uri);
        const page = await browser.submit(asked, '#device-form', {
          user_code: codes.user_code,
        });
        return { browser, page, form: '#device-form', fields: {}, button: '#device-confirm' };
      },
      isThere: ({ document }) => document.querySelector('#consent-form') !== null,
    },
  ];
}
