import { TOTP } from 'otpauth';
import { Authenticator } from '../support/authenticator.ts';
import { Browser, type Page } from '../support/browser.ts';
import { buildCommunity } from '../support/factories.ts';
import type { TestHub } from '../support/hub.ts';
import { question } from '../support/passkey-visits.ts';
import { place } from './sign-in-steps.ts';
import type { StepTried } from './step.ts';

/** A first second factor, set up on the account's pages: the recovery codes come next. */
export async function accountSteps(hub: TestHub): Promise<StepTried[]> {
  const { issuer, newMember, login } = place(hub, await buildCommunity(hub.database));
  const signedInAt = async (path: string) => {
    const { username } = await newMember();
    const browser = new Browser();
    const asked = login(browser, await browser.open(`${issuer}/login`), username);
    await browser.submit(asked.page, asked.form, asked.fields);
    return { browser, page: await browser.open(issuer + path) };
  };
  const isThere = ({ url, status }: Page) =>
    url === `${issuer}/account/recovery-codes?first=1` && status === 200;
  return [
    {
      name: 'a passkey that is added',
      routes: ['POST /account/passkeys'],
      prepare: async () => {
        const { browser, page } = await signedInAt('/account/passkeys');
        const { options } = await question(browser, page);
        const fields = { response: new Authenticator(hub.url).register(options) };
        return { browser, page, form: '#passkey-add-form', fields };
      },
      isThere,
    },
    {
      name: 'an authenticator app that is added',
      routes: ['POST /account/totp'],
      prepare: async () => {
        const { browser, page } = await signedInAt('/account/totp');
        const shown = page.document.querySelector('#totp-secret')?.text.replaceAll(' ', '');
        const code = new TOTP({ secret: shown as string }).generate();
        return { browser, page, form: '#totp-form', fields: { code } };
      },
      wrong: { code: '000000' },
      isThere,
    },
  ];
}
