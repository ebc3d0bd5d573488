import { TOTP } from 'otpauth';
import sharp from 'sharp';
import { createAppPassword } from '../../src/domain/app-passwords/app-password.ts';
import { sendProfile, visit } from '../support/account-visits.ts';
import { giveAddress } from '../support/belongings.ts';
import { Browser, type Page } from '../support/browser.ts';
import {
  type BuiltMember,
  buildCommunity,
  buildMember,
  buildService,
  PASSWORD,
} from '../support/factories.ts';
import type { TestHub } from '../support/hub.ts';
import { NEW_PASSWORD } from '../support/newcomers.ts';
import { enrol } from '../support/passkey-visits.ts';
import { RelyingParty } from '../support/relying-party.ts';
import type { Ready, StepTried } from './step.ts';

/** The other forms of a member's own account. */
export async function ownFormSteps(hub: TestHub): Promise<StepTried[]> {
  const community = await buildCommunity(hub.database);
  const directory = await buildService(hub, community, { reader: 'a hash' });
  const onRequest = await buildService(hub, community, { access: 'approval' });
  const app = new RelyingParty(hub.url, community, await buildService(hub, community));
  await hub.app.settle();
  const issuer = `${hub.url}/c/${community.slug}`;
  const { id: communityId } = community;

  /** A form of a page of somebody who is signed in, after they got what they need. */
  const onPage = async (
    path: string,
    form: string,
    fields: Record<string, string> = {},
    given: (member: BuiltMember, browser: Browser) => Promise<unknown> = async () => undefined,
  ): Promise<Ready & { member: BuiltMember }> => {
    const { member, browser } = await visit(hub, community);
    await given(member, browser);
    await hub.app.settle();
    return { member, browser, page: await browser.open(issuer + path), form, fields };
  };
  const leadsTo =
    (path: string) =>
    ({ url, status }: Page) =>
      url === issuer + path && status === 200;
  const elsewhere = async ({ username }: BuiltMember) => {
    const browser = new Browser();
    const page = await browser.open(`${issuer}/login`);
    await browser.submit(page, '#login-form', { username, password: PASSWORD });
  };
  let names = 0;
  const address = () => {
    names += 1;
    return `autre${names}@poste.example`;
  };
  /** Signed in with what they have just set up. */
  const withTotp = async (_: BuiltMember, browser: Browser) => {
    const page = await browser.open(`${issuer}/account/totp`);
    const secret = page.document.querySelector('#totp-secret')?.text.replaceAll(' ', '') as string;
    await browser.submit(page, '#totp-form', { code: new TOTP({ secret }).generate() });
  };
  const onPasskeys = async (form: string, fields: Record<string, string> = {}): Promise<Ready> => {
    const { username } = await buildMember(hub.database, communityId);
    const { browser } = await enrol(issuer, username);
    return { browser, page: await browser.open(`${issuer}/account/passkeys`), form, fields };
  };
  const background = '#c02040';
  const picture = await sharp({ create: { width: 64, height: 64, channels: 3, background } })
    .png()
    .toBuffer();
  const codesOf = ({ document }: Page) =>
    document.querySelectorAll('#codes code').map(({ text }) => text);

  return [
    {
      name: 'an app password',
      routes: ['POST /account/app-passwords'],
      prepare: () =>
        onPage('/account/app-passwords', '#app-password-form', {
          service: directory.slug,
          name: 'Téléphone',
        }),
      isThere: ({ document }) => document.querySelector('#app-password') !== null,
      same: ({ document }) => document.querySelector('#app-password')?.text ?? '',
    },
    {
      name: 'an app password that is revoked',
      routes: ['POST /account/app-passwords/:id/revoke'],
      inTabs: true,
      prepare: () =>
        onPage('/account/app-passwords', 'form[action$="/revoke"]', {}, ({ subject }) =>
          hub.database.transaction((tx) =>
            createAppPassword(
              tx,
              communityId,
              { subject, serviceId: directory.id, name: 'Tablette' },
              `member:${subject}`,
            ),
          ),
        ),
      isThere: leadsTo('/account/app-passwords?notice=revoked'),
    },
    {
      name: 'a new password',
      routes: ['POST /account/password'],
      atOnce: 2,
      prepare: () => onPage('/account/password', '#password-form', { password: NEW_PASSWORD }),
      wrong: { password: 'court' },
      isThere: leadsTo('/account/password?notice=changed'),
    },
    {
      name: 'a name',
      routes: ['POST /account/profile'],
      atOnce: 2,
      prepare: async () => {
        const { browser, page, form } = await onPage('/account/profile', '#profile-form');
        const sendBy = () => sendProfile(browser, page, { display_name: 'Camille' });
        return { browser, page, form, sendBy };
      },
      isThere: leadsTo('/account/profile?notice=saved'),
    },
    {
      name: 'a picture',
      routes: ['POST /account/profile'],
      atOnce: 2,
      prepare: async () => {
        const { browser, page, form } = await onPage('/account/profile', '#profile-form');
        return { browser, page, form, sendBy: () => sendProfile(browser, page, {}, picture) };
      },
      isThere: leadsTo('/account/profile?notice=saved'),
    },
    {
      name: 'a language',
      routes: ['POST /account/language'],
      inTabs: true,
      prepare: () =>
        onPage('/account/language', '#preferences-form', {
          locale: 'en',
          zoneinfo: 'Europe/Lisbon',
        }),
      isThere: leadsTo('/account/language?notice=saved'),
    },
    {
      name: 'an address',
      routes: ['POST /account/emails'],
      prepare: () => onPage('/account/emails', '#email-form', { email: address() }),
      isThere: leadsTo('/account/emails?notice=sent'),
    },
    {
      name: 'the proof of an address, asked for again',
      routes: ['POST /account/emails/send'],
      inTabs: true,
      prepare: async () => {
        const ready = await onPage('/account/emails', 'form[action$="/send"]', {}, (member) =>
          giveAddress(hub.database, communityId, member, address()),
        );
        // As after the two minutes in which nothing is sent again.
        await hub.database.query('DELETE FROM throttles');
        return ready;
      },
      isThere: leadsTo('/account/emails?notice=sent'),
    },
    ...(['choose', 'remove'] as const).map(
      (what): StepTried => ({
        name: `an address to ${what}`,
        routes: [`POST /account/emails/${what}`],
        inTabs: true,
        prepare: () =>
          onPage('/account/emails', `form[action$="/${what}"]`, {}, (member) =>
            giveAddress(hub.database, communityId, member, address(), { isProven: true }),
          ),
        isThere: leadsTo(`/account/emails?notice=${what === 'choose' ? 'chosen' : 'removed'}`),
      }),
    ),
    {
      name: 'a session elsewhere',
      routes: ['POST /account/sessions/end'],
      inTabs: true,
      prepare: () => onPage('/account/sessions', 'form[action$="/end"]', {}, elsewhere),
      isThere: leadsTo('/account/sessions?notice=ended'),
    },
    {
      name: 'all sessions elsewhere',
      routes: ['POST /account/sessions/end-others'],
      inTabs: true,
      prepare: () => onPage('/account/sessions', 'form[action$="/end-others"]', {}, elsewhere),
      isThere: leadsTo('/account/sessions?notice=others-ended'),
    },
    {
      name: 'all sessions',
      routes: ['POST /sign-out-everywhere'],
      provesAnywhere: true,
      prepare: () => onPage('/', 'form[action$="/sign-out-everywhere"]', {}, elsewhere),
      isThere: ({ url, status }) => url.startsWith(`${issuer}/login`) && status === 200,
    },
    {
      name: 'what a service may know, taken back',
      routes: ['POST /account/services/:slug/withdraw'],
      inTabs: true,
      prepare: () =>
        onPage('/account/services', 'form[action$="/withdraw"]', {}, (member, browser) =>
          app.signIn(browser, member.username),
        ),
      isThere: leadsTo('/account/services?notice=withdrawn'),
    },
    {
      name: 'a request for a service',
      routes: ['POST /services/:slug/request'],
      inTabs: true,
      prepare: () => onPage('/', `form[action$="/services/${onRequest.slug}/request"]`),
      isThere: leadsTo('/?notice=requested'),
    },
    {
      name: 'a passkey under another name',
      routes: ['POST /account/passkeys/:id/name'],
      inTabs: true,
      prepare: () => onPasskeys('form[action$="/name"]', { name: 'Clé bleue' }),
      isThere: leadsTo('/account/passkeys?notice=renamed'),
    },
    {
      name: 'a passkey that is removed',
      routes: ['POST /account/passkeys/:id/remove'],
      inTabs: true,
      prepare: () => onPasskeys('form[action$="/remove"]'),
      isThere: leadsTo('/account/passkeys?notice=removed'),
    },
    {
      name: 'an authenticator app that is removed',
      routes: ['POST /account/totp/remove'],
      inTabs: true,
      prepare: () => onPage('/account/two-factors', 'form[action$="/totp/remove"]', {}, withTotp),
      isThere: leadsTo('/account/two-factors?notice=totp-removed'),
    },
    {
      name: 'recovery codes',
      routes: ['POST /account/recovery-codes'],
      prepare: () => onPage('/account/recovery-codes', '#codes-form', {}, withTotp),
      isThere: (page) => codesOf(page).length === 10,
      same: (page) => codesOf(page).join(),
    },
  ];
}
