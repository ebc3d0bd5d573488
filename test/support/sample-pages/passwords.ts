import type { PageModel } from '../../../src/platform/web/pages.ts';

const base = {
  page: 'account/password' as const,
  action: '/c/lamyne/account/password',
  csrf: 'token',
  username: 'alice',
  hasOne: true,
  secondFactor: false,
  faults: [],
};

export const PASSWORD_PAGES: Record<string, PageModel> = {
  password: { ...base, notice: 'changed' },
  'password refused': { ...base, faults: [{ field: 'password', code: 'guessable' }] },
  'password none': { ...base, hasOne: false, secondFactor: true },
};
