import type { PageModel } from '../../../src/platform/web/pages.ts';

const base = {
  page: 'account/emails' as const,
  action: '/c/lamyne/account/emails',
  csrf: 'token',
  addresses: [
    { address: 'alice@lamyne.example', chosen: true, elsewhere: false, state: 'proven' as const },
    { address: 'alice@jardins.example', chosen: false, elsewhere: true, state: 'proven' as const },
    { address: 'a.martin@poste.example', chosen: false, elsewhere: false, state: 'open' as const },
  ],
  email: '',
  choose: true,
  full: false,
  faults: [],
};
const verify = {
  page: 'verify' as const,
  action: '/c/lamyne/verify/token',
  csrf: 'token',
  address: 'a.martin@poste.example',
  member: { displayName: 'Alice Martin', username: 'alice' },
  choose: true,
};

export const EMAIL_PAGES: Record<string, PageModel> = {
  emails: { ...base, notice: 'sent' },
  'emails, none': { ...base, addresses: [] },
  'emails refused': { ...base, email: 'alice', faults: [{ field: 'email', code: 'shape' }] },
  'emails, one of which cannot be chosen': {
    ...base,
    addresses: [
      { address: 'alice@mairie.example', chosen: true, elsewhere: false, state: 'vouched' },
      { address: 'alice@asso.example', chosen: false, elsewhere: false, state: 'proven' },
    ],
    faults: [{ field: 'addresses', code: 'taken' }],
  },
  'emails, as many as can be': { ...base, full: true },
  verify,
  'verify as somebody else': { ...verify, other: 'karim', choose: false },
  'verify done': { page: 'verify-done', accountUrl: '/c/lamyne/account/emails' },
  'verify expired': { page: 'verify-expired', accountUrl: '/c/lamyne/account/emails' },
};
