import type { PageModel } from '../../../src/platform/web/pages.ts';

const base = {
  page: 'second-factor' as const,
  action: '/c/lamyne/login/second-factor',
  csrf: 'token',
  restartUrl: '/c/lamyne/login?switch=1',
};
const code = { using: 'recovery-code' as const, url: '/c/lamyne/login/second-factor?use=code' };

export const SECOND_FACTOR_PAGES: Record<string, PageModel> = {
  'second factor code': { ...base, using: 'totp', others: [code] },
  'second factor code refused': { ...base, using: 'totp', others: [code], fault: 'code' },
  'second factor throttled': {
    ...base,
    using: 'totp',
    others: [],
    fault: 'throttled',
    retryAfterMinutes: 5,
  },
  'second factor recovery code': {
    ...base,
    service: { name: 'Carnet' },
    using: 'recovery-code',
    others: [],
  },
  'second factor passkey': {
    ...base,
    using: 'passkey',
    others: [code],
    passkey: { optionsUrl: '/c/lamyne/login/passkey/options', here: true, elsewhere: [] },
  },
};
