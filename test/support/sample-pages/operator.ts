import type { PageModel } from '../../../src/platform/web/pages.ts';
import { PASSKEY_PAGES } from './passkeys.ts';
import { TWO_FACTOR_PAGES } from './two-factors.ts';

const others = {
  choices: [
    { state: 'end' as const, isChosen: false },
    { state: 'keep' as const, isChosen: true },
  ],
  appPasswordsUrl: undefined,
  isConsole: true,
};
const csrf = 'token';

/** The members' own page, as the console has it. */
function ofConsole(page: PageModel | undefined, change: Record<string, unknown>): PageModel {
  return { ...page, ...change } as PageModel;
}

/** An operator's second factors, and the messages that they read. */
export const OPERATOR_PAGES: Record<string, PageModel> = {
  'operator two factors none': ofConsole(TWO_FACTOR_PAGES['two factors none'], {
    base: '/operator',
    required: undefined,
  }),
  'operator two factors': ofConsole(TWO_FACTOR_PAGES['two factors'], {
    base: '/operator',
    required: undefined,
  }),
  'operator totp first': ofConsole(TWO_FACTOR_PAGES.totp, {
    action: '/operator/totp',
    others: { ...others, choices: [] },
  }),
  'operator totp refused': ofConsole(TWO_FACTOR_PAGES['totp refused'], {
    action: '/operator/totp',
    others,
  }),
  'operator recovery codes': ofConsole(TWO_FACTOR_PAGES['recovery codes first'], {
    action: '/operator/recovery-codes',
  }),
  'operator recovery codes made': ofConsole(TWO_FACTOR_PAGES['recovery codes made'], {
    downloadUrl: '/operator/recovery-codes/file',
    doneUrl: '/operator/two-factors',
  }),
  'operator passkeys none': ofConsole(PASSKEY_PAGES['passkeys none'], {
    action: '/operator/passkeys',
    others: { ...others, choices: [] },
  }),
  'operator passkeys': ofConsole(PASSKEY_PAGES.passkeys, {
    action: '/operator/passkeys',
    others,
  }),
};

const step = {
  page: 'second-factor' as const,
  action: '/operator/login/second-factor',
  csrf,
  restartUrl: '/operator/login',
};

/** Before an operator is signed in. */
export const OPERATOR_SIGN_IN_PAGES: Record<string, PageModel> = {
  'operator login again': { page: 'operator-login', action: '/operator/login', csrf, again: true },
  'operator throttled': {
    page: 'operator-login',
    action: '/operator/login',
    csrf,
    fault: 'throttled',
    retryAfterMinutes: 5,
  },
  'operator second factor': {
    ...step,
    using: 'totp',
    others: [{ using: 'recovery-code', url: '/operator/login/second-factor?use=recovery-code' }],
  },
  'operator second factor passkey': {
    ...step,
    using: 'passkey',
    others: [],
    passkey: {
      optionsUrl: '/operator/login/second-factor/passkey/options',
      here: true,
      elsewhere: [],
      isConsole: true,
    },
  },
  'operator second factor passkey nowhere': {
    ...step,
    using: 'passkey',
    others: [],
    passkey: {
      optionsUrl: '/operator/login/second-factor/passkey/options',
      here: false,
      elsewhere: [],
      isConsole: true,
    },
  },
};
