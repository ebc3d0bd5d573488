import type { PageModel } from '../../../src/platform/web/pages.ts';

const others = {
  choices: [
    { state: 'keep' as const, isChosen: false },
    { state: 'end' as const, isChosen: true },
  ],
  appPasswordsUrl: '/c/lamyne/account/app-passwords',
};

const base = {
  page: 'account/password' as const,
  action: '/c/lamyne/account/password',
  csrf: 'token',
  username: 'alice',
  hasOne: true,
  secondFactor: false,
  others,
  faults: [],
};

export const PASSWORD_PAGES: Record<string, PageModel> = {
  password: { ...base, notice: 'changed' },
  'password changed here': { ...base, notice: 'changed-here' },
  'password refused': { ...base, faults: [{ field: 'password', code: 'guessable' }] },
  'password none': { ...base, hasOne: false, secondFactor: true },
};
