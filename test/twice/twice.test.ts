import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SITE } from '../../src/app-web.ts';
import { Browser, type Page } from '../support/browser.ts';
import { startHub, type TestHub } from '../support/hub.ts';
import { accountSteps } from './account-steps.ts';
import { factorSteps } from './factor-steps.ts';
import { leavingSteps } from './leaving-steps.ts';
import { linkSteps } from './link-steps.ts';
import { passkeySteps } from './passkey-steps.ts';
import { providerSteps } from './provider-steps.ts';
import { recoverySteps } from './recovery-steps.ts';
import { signInSteps } from './sign-in-steps.ts';
import { type Ready, type StepTried, send } from './step.ts';

// Each step of coming in, with its form sent twice. A step that is added comes into a table of its own kind.

let hub: TestHub;
const steps = new Map<string, StepTried>();

beforeAll(async () => {
  // Without the worker: nothing happens but what requests do.
  hub = await startHub({ TROUSSEAU_ROLES: 'web' });
  const makers = [
    signInSteps,
    linkSteps,
    factorSteps,
    passkeySteps,
    recoverySteps,
    leavingSteps,
    accountSteps,
    providerSteps,
  ];
  for (const make of makers) {
    for (const step of await make(hub)) steps.set(step.name, step);
  }
});
afterAll(() => hub.stop());

const NAMES = [
  'the password, for an app',
  'the consent',
  'the refusal of a consent',
  'asking to be let in',
  'the way back from a service that is closed',
  'the way back from an account that is closed',
  'the password, for oneself',
  'asking to register',
  'registering',
  'registering where admins decide',
  'an invitation for one',
  'an invitation for many',
  'asking for a new password',
  'a new password by a link',
  'proving an address',
  'joining another community',
  'the second factor, for an app',
  'the second factor, for oneself',
  'a second factor that must be set up',
  'what follows the recovery codes',
  'a passkey alone, for oneself',
  'a passkey alone, for an app',
  'a passkey alone, of whoever is about to be deleted',
  'a passkey alone, of whoever is about to be deleted, for an app',
  'a passkey as second factor',
  'a passkey that must be set up',
  'a passkey that must be set up, for an app',
  'that the account stays after all',
  'that the account stays after all, for an app',
  'what two admins give back',
  'that nothing is to be given back, by a link',
  'that nothing is to be given back, signed in',
  'leaving the community',
  'asking for the account to be deleted',
  'a passkey that is added',
  'an authenticator app that is added',
  'the sign-out',
  'letting a device in',
];

it('names every step', () => {
  expect([...steps.keys()]).toEqual(NAMES);
});

/** Forms on the way in that are no steps of their own, or have tests elsewhere, and why. */
const NO_STEPS: Record<string, string> = {
  'POST /login/passkey/options': 'asked by a script',
  'POST /login/:uid/passkey/options': 'asked by a script',
  'POST /login/second-factor/passkey/options': 'asked by a script',
  'POST /login/:uid/second-factor/passkey/options': 'asked by a script',
  'POST /login/set-up/passkey/options': 'asked by a script',
  'POST /login/:uid/set-up/passkey/options': 'asked by a script',
  'POST /hand-off/:token/options': 'asked by a script',
  'POST /hand-off/:token': 'test/passkeys-hosts-twice.test.ts',
  'POST /login/set-up/file': 'changes nothing',
  'POST /login/:uid/set-up/file': 'changes nothing',
  'POST /join': 'each makes a link of its own',
};
const ON_THE_WAY_IN =
  /^\/(login|consent|access|register|invitations|recover|verify|join|hand-off|account\/join)\b/;

it('knows every form on the way in', () => {
  const forms = SITE.community.routes
    .filter(({ method, path }) => method === 'POST' && ON_THE_WAY_IN.test(path))
    .map(({ path }) => `POST ${path}`);
  const tried = [...steps.values()].flatMap(({ routes }) => routes);
  expect(forms.filter((form) => !tried.includes(form) && !(form in NO_STEPS))).toEqual([]);
});

/** What must not be done twice. Codes for an app are: each brings it the same member. */
async function stored(): Promise<Record<string, number>> {
  const rows = await hub.database.query<{ what: string; n: number }>(
    `SELECT 'event ' || type AS what, count(*)::int AS n FROM events WHERE type NOT IN ('sign-in.failed', 'service.refused') GROUP BY 1
     UNION ALL SELECT 'outbox ' || kind || coalesce(' ' || (payload ->> 'template'), ''), count(*)::int FROM outbox GROUP BY 1
     UNION ALL SELECT 'sessions', count(*)::int FROM sessions WHERE subject IS NOT NULL
     UNION ALL SELECT 'memberships', count(*)::int FROM memberships
     UNION ALL SELECT 'accounts', count(*)::int FROM accounts
     UNION ALL SELECT 'consents', count(*)::int FROM consents`,
  );
  return Object.fromEntries(rows.map(({ what, n }) => [what, n]));
}

/** What a step adds to that. */
async function adds(work: () => Promise<unknown>): Promise<Record<string, number>> {
  const before = await stored();
  await work();
  const after = await stored();
  return Object.fromEntries(
    Object.entries(after)
      .map(([what, n]) => [what, n - (before[what] ?? 0)] as const)
      .filter(([, n]) => n !== 0),
  );
}

const issuerOf = ({ url }: Page) => /^https?:\/\/[^/]+\/c\/[\w-]+/.exec(url)?.[0] as string;

/** The same form and fields in a browser that has never been here. */
async function sendElsewhere(ready: Ready): Promise<Page> {
  const thief = new Browser({ stopAt: (url) => url.hostname.endsWith('.example') });
  const { page, form, fields, button } = ready;
  // With a cookie and a token of its own, where its form may come from.
  const own = await thief.open(`${issuerOf(page)}/login`);
  const csrf = own.document.querySelector('input[name=csrf]')?.getAttribute('value') as string;
  return thief.submit(page, form, { ...fields, csrf }, button);
}

describe.each(NAMES)('%s', (name) => {
  const step = () => steps.get(name) as StepTried;

  it('sent twice at once, and again, leads where it led, and is done once', async () => {
    const once = await step().prepare();
    const ofOne = await adds(async () => {
      expect(step().isThere(await send(once))).toBe(true);
    });
    const ready = await step().prepare();
    const ofMany = await adds(async () => {
      const pages = await Promise.all([send(ready), send(ready), send(ready)]);
      pages.push(await send(ready));
      expect(pages.map((page) => step().isThere(page) || page.text.slice(0, 2000))).toEqual(
        pages.map(() => true),
      );
      expect(new Set(pages.map((page) => step().same?.(page))).size).toBe(1);
    });
    expect(ofMany).toEqual(ofOne);
    await step().after?.(ready.browser);
  });

  it('sent again opens nothing for another browser, nor by what is wrong', async () => {
    const ready = await step().prepare();
    await send(ready);
    const { wrong, provesAnywhere } = step();
    expect(step().isThere(await sendElsewhere(ready))).toBe(provesAnywhere === true);
    if (wrong !== undefined) expect(step().isThere(await send(ready, wrong))).toBe(false);
  });
});
