import { TOTP } from 'otpauth';
import { expect } from 'vitest';
import { mintLink } from '../../src/domain/links/link-store.ts';
import { keepMail, listKeptMails } from '../../src/domain/notices/kept-mail-store.ts';
import { insertOperator } from '../../src/domain/operators/create-operator.ts';
import { hashPassword } from '../../src/domain/people/password.ts';
import { spendRecoveryCode } from '../../src/domain/second-factors/recovery-codes.ts';
import { Authenticator } from '../support/authenticator.ts';
import { Browser, type Page } from '../support/browser.ts';
import { buildCommunity, buildMember, PASSWORD } from '../support/factories.ts';
import type { TestHub } from '../support/hub.ts';
import { question } from '../support/passkey-visits.ts';
import type { Ready, StepTried } from './step.ts';

/** The operators' console: signing in to it, their own second factors, and what it shows. */
export async function operatorSteps(hub: TestHub): Promise<StepTried[]> {
  const at = (path: string) => `${hub.url}/operator${path}`;
  const passwordHash = await hashPassword(PASSWORD);
  const { id: communityId, slug } = await buildCommunity(hub.database);
  const member = await buildMember(hub.database, communityId);
  let operators = 0;
  const newOperator = async (): Promise<string> => {
    operators += 1;
    const email = `ops${operators}@hub.example`;
    await hub.database.transaction((tx) => insertOperator(tx, email, passwordHash));
    return email;
  };

  const login = async (email: string, path = '/login'): Promise<Ready> => {
    const browser = new Browser();
    const fields = { email, password: PASSWORD };
    return { browser, page: await browser.open(at(path)), form: '#login-form', fields };
  };
  const typePassword = async (email: string): Promise<{ browser: Browser; page: Page }> => {
    const { browser, page, form, fields } = await login(email);
    return { browser, page: await browser.submit(page, form, fields) };
  };
  const totpForm = async (browser: Browser) => {
    const page = await browser.open(at('/totp'));
    const secret = page.document.querySelector('#totp-secret')?.text.replaceAll(' ', '') as string;
    return { page, totp: new TOTP({ secret }) };
  };
  /** An operator with an authenticator app, whose next code is not used up. */
  const withTotp = async () => {
    const email = await newOperator();
    const { browser } = await typePassword(email);
    const { page, totp } = await totpForm(browser);
    const code = totp.generate({ timestamp: Date.now() - 30_000 });
    return { email, browser, totp, page: await browser.submit(page, '#totp-form', { code }) };
  };
  const passkeyForm = async (browser: Browser, authenticator = new Authenticator(hub.url)) => {
    const page = await browser.open(at('/passkeys'));
    const { options } = await question(browser, page);
    const fields = { response: authenticator.register(options) };
    return { browser, page, form: '#passkey-add-form', fields };
  };
  const withPasskey = async () => {
    const email = await newOperator();
    const authenticator = new Authenticator(hub.url);
    const { browser } = await typePassword(email);
    const { page, form, fields } = await passkeyForm(browser, authenticator);
    await browser.submit(page, form, fields);
    return { email, browser, authenticator };
  };
  const asked = async (email: string, fields: Record<string, string>, use = ''): Promise<Ready> => {
    const { browser } = await typePassword(email);
    const page = await browser.open(at(`/login/second-factor${use}`));
    return { browser, page, form: '#second-factor-form', fields };
  };
  const leadsTo =
    (path: string) =>
    ({ url, status }: Page) =>
      url === at(path) && status === 200;
  const isIn = async (browser: Browser) => {
    expect((await browser.open(at(''))).url).toBe(at(''));
  };
  const codesOf = ({ document }: Page) =>
    document.querySelectorAll('#codes code').map(({ text }) => text);

  return [
    {
      name: 'the password of an operator',
      routes: ['POST /operator/login'],
      prepare: async () => login(await newOperator()),
      wrong: { password: 'wrong' },
      provesAnywhere: true,
      isThere: leadsTo(''),
      after: isIn,
    },
    {
      name: 'the password of an operator with a second factor',
      routes: ['POST /operator/login'],
      prepare: async () => login((await withTotp()).email),
      wrong: { password: 'wrong' },
      provesAnywhere: true,
      isThere: leadsTo('/login/second-factor'),
    },
    {
      name: 'a code of an operator’s app',
      routes: ['POST /operator/login/second-factor'],
      prepare: async () => {
        const { email, totp } = await withTotp();
        return asked(email, { code: totp.generate() });
      },
      isThere: leadsTo(''),
      after: isIn,
    },
    {
      name: 'the last recovery code of an operator',
      routes: ['POST /operator/login/second-factor'],
      prepare: async () => {
        const { email, browser, page } = await withTotp();
        const [code = '', ...others] = codesOf(await browser.submit(page, '#codes-form'));
        const [operator] = await hub.database.query<{ personId: string }>(
          'SELECT person_id AS "personId" FROM operators WHERE email = $1',
          [email],
        );
        for (const one of others)
          await spendRecoveryCode(hub.database, operator?.personId as string, one);
        return asked(email, { code }, '?use=recovery-code');
      },
      isThere: leadsTo(''),
      after: isIn,
    },
    {
      name: 'a passkey as an operator’s second factor',
      routes: ['POST /operator/login/second-factor'],
      prepare: async () => {
        const { email, authenticator } = await withPasskey();
        const ready = await asked(email, {});
        const { options } = await question(ready.browser, ready.page);
        return { ...ready, fields: { response: authenticator.signIn(options) } };
      },
      isThere: leadsTo(''),
      after: isIn,
    },
    {
      name: 'an operator’s passkey alone',
      routes: ['POST /operator/login/passkey'],
      prepare: async () => {
        const { authenticator } = await withPasskey();
        const browser = new Browser();
        const page = await browser.open(at('/login'));
        const { options } = await question(browser, page);
        const fields = { response: authenticator.signIn(options) };
        return { browser, page, form: '#passkey-form', fields };
      },
      isThere: leadsTo(''),
      after: isIn,
    },
    {
      name: 'the sign-out of an operator',
      routes: ['POST /operator/logout'],
      prepare: async () => {
        const { browser, page } = await typePassword(await newOperator());
        return { browser, page, form: 'form[action$="/operator/logout"]' };
      },
      provesAnywhere: true,
      isThere: leadsTo('/login'),
    },
    {
      name: 'an operator’s app that is added',
      routes: ['POST /operator/totp'],
      prepare: async () => {
        const { browser } = await typePassword(await newOperator());
        const { page, totp } = await totpForm(browser);
        return { browser, page, form: '#totp-form', fields: { code: totp.generate() } };
      },
      wrong: { code: '000000' },
      isThere: leadsTo('/recovery-codes?first=1'),
    },
    {
      name: 'an operator’s app that is removed',
      routes: ['POST /operator/totp/remove'],
      inTabs: true,
      prepare: async () => {
        const { browser } = await withTotp();
        const page = await browser.open(at('/two-factors'));
        return { browser, page, form: 'form[action$="/totp/remove"]' };
      },
      isThere: leadsTo('/two-factors?notice=totp-removed'),
    },
    {
      name: 'an operator’s passkey that is added',
      routes: ['POST /operator/passkeys'],
      prepare: async () => passkeyForm((await typePassword(await newOperator())).browser),
      isThere: leadsTo('/recovery-codes?first=1'),
    },
    {
      name: 'an operator’s passkey under another name',
      routes: ['POST /operator/passkeys/:id/name'],
      inTabs: true,
      prepare: async () => {
        const { browser } = await withPasskey();
        const page = await browser.open(at('/passkeys'));
        return { browser, page, form: 'form[action$="/name"]', fields: { name: 'Clé bleue' } };
      },
      isThere: leadsTo('/passkeys?notice=renamed'),
    },
    {
      name: 'an operator’s passkey that is removed',
      routes: ['POST /operator/passkeys/:id/remove'],
      inTabs: true,
      prepare: async () => {
        const { browser } = await withPasskey();
        const page = await browser.open(at('/passkeys'));
        return { browser, page, form: 'form[action$="/remove"]' };
      },
      isThere: leadsTo('/passkeys?notice=removed'),
    },
    {
      name: 'an operator’s recovery codes',
      routes: ['POST /operator/recovery-codes'],
      prepare: async () => {
        const { browser, page } = await withTotp();
        return { browser, page, form: '#codes-form' };
      },
      isThere: (page) => codesOf(page).length === 10,
      same: (page) => codesOf(page).join(),
    },
    {
      name: 'the link of a kept message',
      routes: ['POST /operator/mails/:mail'],
      prepare: async () => {
        const { subject, email: to } = member;
        const link = { kind: 'recovery' as const, subject, email: to, hours: 1 };
        const token = await mintLink(hub.database, communityId, link);
        const text = `Ouvrez ${hub.url}/c/${slug}/recover/${token} vite`;
        const mail = { subject: 'Un lien', html: '', text };
        await keepMail(hub.database, hub.sealer, { communityId, to, mail });
        const kept = (await listKeptMails(hub.database))[0]?.id;
        const { browser } = await typePassword(await newOperator());
        return { browser, page: await browser.open(at(`/mails/${kept}`)), form: '#show-link' };
      },
      isThere: ({ text }) => text.includes('/recover/'),
      same: ({ document }) => document.querySelector('#mail-text')?.text ?? '',
    },
  ];
}
