import { afterAll, beforeAll, expect, it } from 'vitest';
import { SITE } from '../../src/app-web.ts';
import { startHub, type TestHub } from '../support/hub.ts';
import { accountSteps } from './account-steps.ts';
import { adminSteps } from './admin-steps.ts';
import { factorSteps } from './factor-steps.ts';
import { leavingSteps } from './leaving-steps.ts';
import { linkSteps } from './link-steps.ts';
import { memberSteps } from './member-steps.ts';
import { operatorSteps } from './operator-steps.ts';
import { ownFormSteps } from './own-form-steps.ts';
import { passkeySteps } from './passkey-steps.ts';
import { recoverySteps } from './recovery-steps.ts';
import { signInSteps } from './sign-in-steps.ts';

const MAKERS = [
  signInSteps,
  linkSteps,
  factorSteps,
  passkeySteps,
  recoverySteps,
  leavingSteps,
  accountSteps,
  ownFormSteps,
  adminSteps,
  memberSteps,
  operatorSteps,
];

const SCRIPT = 'asked by a script: each answer is a question of its own, and stores nothing';
const FILE = 'hands out what the form itself holds, and changes nothing';
const COOKIE = 'sets the same cookie';
const VALUES = 'sets the same values: what is as it was is no change';

/** Forms that are not walked, and why twice is the same, or where it is tested. */
const NO_STEPS: Record<string, string> = {
  'community /login/passkey/options': SCRIPT,
  'community /login/:uid/passkey/options': SCRIPT,
  'community /login/second-factor/passkey/options': SCRIPT,
  'community /login/:uid/second-factor/passkey/options': SCRIPT,
  'community /login/set-up/passkey/options': SCRIPT,
  'community /login/:uid/set-up/passkey/options': SCRIPT,
  'community /hand-off/:token/options': SCRIPT,
  'community /account/passkeys/options': SCRIPT,
  'community /hand-off/:token': 'test/passkeys-hosts-twice.test.ts',
  'community /login/set-up/file': FILE,
  'community /login/:uid/set-up/file': FILE,
  'community /account/recovery-codes/file': FILE,
  'community /account/export': 'each hands the data out, and the trail says so of each',
  'community /language': COOKIE,
  'community /admin/settings': VALUES,
  'community /admin/settings/branding': VALUES,
  'community /admin/settings/entry': VALUES,
  'community /join': 'each makes a link of its own, to a page that shows where one may come from',
  'hub /language': COOKIE,
  'hub /setup': 'test/twice/set-up.test.ts',
  'hub /operator/login/passkey/options': SCRIPT,
  'hub /operator/login/second-factor/passkey/options': SCRIPT,
  'hub /operator/passkeys/options': SCRIPT,
  'hub /operator/recovery-codes/file': FILE,
};

let hub: TestHub;
beforeAll(async () => {
  hub = await startHub({ TROUSSEAU_ROLES: 'web' });
});
afterAll(() => hub.stop());

it('every form is walked, or said to be the same twice', async () => {
  const walked = new Set<string>();
  for (const make of MAKERS) {
    for (const { routes } of await make(hub)) for (const name of routes) walked.add(name);
  }
  const postsOf = (table: { routes: readonly { method: string; path: string }[] }) =>
    table.routes.filter(({ method }) => method === 'POST').map(({ path }) => path);
  const forms = [
    ...postsOf(SITE.community).map((path) => `community ${path}`),
    ...postsOf(SITE.hub).map((path) => `hub ${path}`),
  ];
  const isWalked = (form: string) => walked.has(form.replace(/^(community|hub) /, 'POST '));
  expect(forms.filter((form) => !isWalked(form) && !(form in NO_STEPS))).toEqual([]);
  // What is walked or gone needs no reason.
  expect(Object.keys(NO_STEPS).filter((form) => isWalked(form) || !forms.includes(form))).toEqual(
    [],
  );
});
