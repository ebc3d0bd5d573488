import type { PageModel } from '../../../src/platform/web/pages.ts';

const form = { action: '/c/lamyne/account/totp', csrf: 'token' };
const setup = {
  secret: 'U6Z3 WOD4 PNLC XFU4',
  picture: 'data:image/svg+xml;base64,PHN2Zy8+',
  setup: 'sealed',
};
const others = {
  choices: [
    { state: 'end' as const, isChosen: false },
    { state: 'keep' as const, isChosen: true },
  ],
  appPasswordsUrl: '/c/lamyne/account/app-passwords',
};
const overview = {
  page: 'account/two-factors' as const,
  base: '/c/lamyne/account',
  csrf: 'token',
  totp: undefined,
  passkeys: 0,
  codes: undefined,
  required: undefined,
};
const codes = ['k7m2q-xw9fa-3bnrt', 'p4d8e-hj6uz-vy5gc'];
const setUp = {
  page: 'set-up' as const,
  ...form,
  ...setup,
  passkey: { ...form, optionsUrl: '/c/lamyne/login/set-up/passkey/options' },
  others: { ...others, appPasswordsUrl: undefined },
  restartUrl: '/c/lamyne/login?switch=1',
};

export const TWO_FACTOR_PAGES: Record<string, PageModel> = {
  'two factors none': { ...overview, required: { date: '31 janvier 2027' } },
  'two factors': {
    ...overview,
    totp: { added: '3 mars 2026', lastUsed: '22 novembre 2026' },
    passkeys: 2,
    codes: { left: 3, few: true },
    required: {},
    notice: 'totp-added',
  },
  'two factors refused': {
    ...overview,
    totp: { added: '3 mars 2026' },
    codes: { left: 10, few: false },
    fault: 'required',
  },
  totp: { page: 'account/totp', ...form, ...setup, others, replaces: false },
  'totp refused': {
    page: 'account/totp',
    ...form,
    ...setup,
    others,
    replaces: true,
    fault: 'code',
  },
  'recovery codes first': {
    page: 'account/recovery-codes',
    ...form,
    left: 0,
    few: true,
    first: true,
  },
  'recovery codes': { page: 'account/recovery-codes', ...form, left: 2, few: true, first: false },
  'recovery codes made': {
    page: 'account/recovery-codes-made',
    csrf: 'token',
    codes,
    downloadUrl: '/c/lamyne/account/recovery-codes/file',
    doneUrl: '/c/lamyne/account/two-factors',
  },
  'set-up': setUp,
  'set-up refused': { ...setUp, service: { name: 'Carnet' }, fault: 'passkey' },
  'set-up done': {
    page: 'set-up-done',
    ...form,
    codes,
    downloadUrl: '/c/lamyne/login/set-up/file',
  },
};
