import { requestDeletion } from '../../src/domain/account-deletion/delete-account.ts';
import { Authenticator } from '../support/authenticator.ts';
import type { Page } from '../support/browser.ts';
import { buildCommunity, buildService } from '../support/factories.ts';
import type { TestHub } from '../support/hub.ts';
import { enrol, question } from '../support/passkey-visits.ts';
import { RelyingParty } from '../support/relying-party.ts';
import { newBrowser, place } from './sign-in-steps.ts';
import type { Ready, StepTried } from './step.ts';

/** What a passkey's answer opens, and the word of whoever had asked for their account to be deleted. */
export async function passkeySteps(hub: TestHub): Promise<StepTried[]> {
  const community = await buildCommunity(hub.database);
  const strict = await buildCommunity(hub.database, { secondFactor: 'all' });
  const service = await buildService(hub, community);
  const app = new RelyingParty(hub.url, community, service);
  const strictApp = new RelyingParty(hub.url, strict, await buildService(hub, strict));
  await hub.app.settle();
  const ours = place(hub, community);
  const theirs = place(hub, strict);
  const ownPage = `${ours.issuer}/login`;

  const withPasskey = async () => {
    const member = await ours.newMember();
    const { authenticator } = await enrol(ours.issuer, member.username);
    return { member, authenticator };
  };
  const leave = ({ subject, personId }: { subject: string; personId: string }) =>
    hub.database.transaction((tx) =>
      requestDeletion(tx, personId, { communityId: community.id, subject, issuerUrl: ours.issuer }),
    );
  const alone = async (url: string, leaves = false): Promise<Ready> => {
    const { member, authenticator } = await withPasskey();
    if (leaves) await leave(member);
    await hub.app.settle();
    const browser = newBrowser();
    const page = await browser.open(url);
    const { options } = await question(browser, page);
    const fields = { response: authenticator.signIn(options) };
    return { browser, page, form: '#passkey-form', fields };
  };
  const asFactor = async (): Promise<Ready> => {
    const { member, authenticator } = await withPasskey();
    const browser = newBrowser();
    const login = ours.login(browser, await browser.open(ownPage), member.username);
    const page = await browser.submit(login.page, login.form, login.fields);
    const { options } = await question(browser, page);
    const fields = { response: authenticator.signIn(options) };
    return { browser, page, form: '#second-factor-form', fields };
  };
  const settingUp = async (url: string): Promise<Ready> => {
    const { username } = await theirs.newMember();
    const browser = newBrowser();
    const login = theirs.login(browser, await browser.open(url), username);
    const page = await browser.submit(login.page, login.form, login.fields);
    const { options } = await question(browser, page);
    const fields = { response: new Authenticator(hub.url).register(options) };
    return { browser, page, form: '#passkey-add-form', fields };
  };
  const deciding = async (url: string): Promise<Ready> => {
    const member = await ours.newMember();
    await leave(member);
    await hub.app.settle();
    const browser = newBrowser();
    const login = ours.login(browser, await browser.open(url), member.username);
    const page = await browser.submit(login.page, login.form, login.fields);
    return { browser, page, form: '#stay-form', fields: {} };
  };
  const codesOf = ({ document }: Page) =>
    document.querySelectorAll('#codes code').map(({ text }) => text);
  const isConsent = ({ document }: Page) => document.querySelector('#consent-form') !== null;
  const isDecision = ({ document }: Page) => document.querySelector('#stay-form') !== null;
  return [
    {
      name: 'a passkey alone, for oneself',
      routes: ['POST /login/passkey'],
      prepare: () => alone(ownPage),
      isThere: ours.isHome,
      after: ours.isSignedIn,
    },
    {
      name: 'a passkey alone, for an app',
      routes: ['POST /login/:uid/passkey'],
      prepare: () => alone(app.authorizationUrl()),
      isThere: isConsent,
    },
    {
      name: 'a passkey alone, of whoever is about to be deleted',
      routes: ['POST /login/passkey'],
      prepare: () => alone(ownPage, true),
      isThere: isDecision,
    },
    {
      name: 'a passkey alone, of whoever is about to be deleted, for an app',
      routes: ['POST /login/:uid/passkey'],
      prepare: () => alone(app.authorizationUrl(), true),
      isThere: isDecision,
    },
    {
      name: 'a passkey as second factor',
      routes: ['POST /login/second-factor'],
      prepare: asFactor,
      isThere: ours.isHome,
      after: ours.isSignedIn,
    },
    {
      name: 'a passkey that must be set up',
      routes: ['POST /login/set-up/passkey'],
      prepare: () => settingUp(`${theirs.issuer}/login`),
      isThere: (page) => codesOf(page).length === 10,
      same: (page) => codesOf(page).join(),
    },
    {
      name: 'a passkey that must be set up, for an app',
      routes: ['POST /login/:uid/set-up/passkey'],
      prepare: () => settingUp(strictApp.authorizationUrl()),
      isThere: (page) => codesOf(page).length === 10,
      same: (page) => codesOf(page).join(),
    },
    {
      name: 'that the account stays after all',
      routes: ['POST /login/decision'],
      prepare: () => deciding(ownPage),
      isThere: ours.isHome,
      after: ours.isSignedIn,
    },
    {
      name: 'that the account stays after all, for an app',
      routes: ['POST /login/:uid/decision'],
      prepare: () => deciding(app.authorizationUrl()),
      isThere: isConsent,
    },
  ];
}
