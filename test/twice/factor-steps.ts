import { TOTP } from 'otpauth';
import {
  makeRecoveryCodes,
  spendRecoveryCode,
} from '../../src/domain/second-factors/recovery-codes.ts';
import { newTotpSecret, totpContext } from '../../src/domain/second-factors/totp.ts';
import type { Page } from '../support/browser.ts';
import { buildCommunity, buildService } from '../support/factories.ts';
import type { TestHub } from '../support/hub.ts';
import { RelyingParty } from '../support/relying-party.ts';
import { newBrowser, place } from './sign-in-steps.ts';
import type { Ready, StepTried } from './step.ts';

/** Between a password and a sign-in. */
export async function factorSteps(hub: TestHub): Promise<StepTried[]> {
  const community = await buildCommunity(hub.database);
  const strict = await buildCommunity(hub.database, { secondFactor: 'all' });
  const app = new RelyingParty(hub.url, community, await buildService(hub, community));
  await hub.app.settle();
  const ours = place(hub, community);
  const theirs = place(hub, strict);

  const withTotp = async (url: string): Promise<Ready & { personId: string }> => {
    const { personId, username } = await ours.newMember();
    const secret = newTotpSecret();
    await hub.database.query(
      'INSERT INTO totp_secrets (person_id, sealed_secret, confirmed_at) VALUES ($1, $2, now())',
      [personId, hub.sealer.seal(secret, totpContext(personId))],
    );
    const browser = newBrowser();
    const login = ours.login(browser, await browser.open(url), username);
    const page = await browser.submit(login.page, login.form, login.fields);
    const code = new TOTP({ secret }).generate();
    return { browser, page, form: '#second-factor-form', fields: { code }, personId };
  };
  const withLastCode = async (url: string): Promise<Ready> => {
    const { personId, browser, page, form } = await withTotp(url);
    const [code = '', ...others] = await hub.database.transaction((tx) =>
      makeRecoveryCodes(tx, personId),
    );
    for (const one of others) await spendRecoveryCode(hub.database, personId, one);
    const asked = await browser.open(`${page.url}?use=recovery-code`);
    return { browser, page: asked, form, fields: { code } };
  };
  const settingUp = async (): Promise<Ready> => {
    const { username } = await theirs.newMember();
    const browser = newBrowser();
    const login = theirs.login(browser, await browser.open(`${theirs.issuer}/login`), username);
    const page = await browser.submit(login.page, login.form, login.fields);
    const shown = page.document.querySelector('#totp-secret')?.text.replaceAll(' ', '');
    const code = new TOTP({ secret: shown as string }).generate();
    return { browser, page, form: '#totp-form', fields: { code } };
  };
  const codesOf = ({ document }: Page) =>
    document.querySelectorAll('#codes code').map(({ text }) => text);
  return [
    {
      name: 'the second factor, for an app',
      routes: ['POST /login/:uid/second-factor'],
      prepare: () => withTotp(app.authorizationUrl()),
      isThere: ({ document }) => document.querySelector('#consent-form') !== null,
    },
    {
      name: 'the second factor, for oneself',
      routes: ['POST /login/second-factor'],
      prepare: () => withTotp(`${ours.issuer}/login`),
      isThere: ours.isHome,
      after: ours.isSignedIn,
    },
    {
      name: 'the last recovery code, for an app',
      routes: ['POST /login/:uid/second-factor'],
      prepare: () => withLastCode(app.authorizationUrl()),
      isThere: ({ document }) => document.querySelector('#consent-form') !== null,
    },
    {
      name: 'the last recovery code, for oneself',
      routes: ['POST /login/second-factor'],
      prepare: () => withLastCode(`${ours.issuer}/login`),
      isThere: ours.isHome,
      after: ours.isSignedIn,
    },
    {
      name: 'a second factor that must be set up',
      routes: ['POST /login/set-up', 'POST /login/:uid/set-up'],
      prepare: settingUp,
      isThere: (page) => codesOf(page).length === 10,
      same: (page) => codesOf(page).join(),
    },
    {
      name: 'what follows the recovery codes',
      routes: ['POST /login/set-up/done', 'POST /login/:uid/set-up/done'],
      prepare: async () => {
        const { browser, page, form, fields } = await settingUp();
        const codes = await browser.submit(page, form, fields);
        return { browser, page: codes, form: '#set-up-done-form', fields: {} };
      },
      isThere: theirs.isHome,
      after: theirs.isSignedIn,
    },
  ];
}
