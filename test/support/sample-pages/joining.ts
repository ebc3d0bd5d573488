import type { PageModel } from '../../../src/platform/web/pages.ts';

const join = {
  page: 'account/join' as const,
  action: '/c/lamyne/account/join/hermitage/abc',
  csrf: 'token',
  community: 'L’Hermitage',
  username: 'alice',
  displayName: 'Alice Martin',
  givenName: 'Alice',
  familyName: 'Martin',
  role: 'member' as const,
  groups: [],
  emails: [{ address: 'alice@lamyne.example', chosen: true }],
  questions: [{ field: 'answer-1', text: 'Qui êtes-vous ?', required: true, answer: '' }],
  faults: [],
};

export const JOINING_PAGES: Record<string, PageModel> = {
  join: {
    page: 'join',
    community: 'L’Hermitage',
    communities: [{ name: 'La MYNE', url: '/c/lamyne/account/join/hermitage/abc' }],
    backUrl: '/c/hermitage',
  },
  'join nowhere': {
    page: 'join',
    community: 'L’Hermitage',
    communities: [],
    backUrl: '/c/hermitage',
  },
  'join expired': { page: 'join-expired', homeUrl: '/' },
  'join confirm': { ...join, state: 'active' },
  'join by an invitation': {
    ...join,
    state: 'active',
    role: 'admin',
    groups: ['bureau', 'accueil'],
  },
  'join confirm refused': {
    ...join,
    state: 'requested',
    faults: [
      { field: 'username', kind: 'username', code: 'taken' },
      { field: 'answer-1', kind: 'answer', code: 'missing' },
    ],
  },
  'join member already': {
    page: 'account/join-closed',
    community: 'L’Hermitage',
    reason: 'member',
    url: '/c/hermitage',
  },
  'join without an address': {
    page: 'account/join-closed',
    community: 'L’Hermitage',
    reason: 'no-address',
    url: '/c/lamyne/account/emails',
  },
};
