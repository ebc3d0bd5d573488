import type { PageModel } from '../../../src/platform/web/pages.ts';

export const EXPORT_PAGES: Record<string, PageModel> = {
  export: {
    page: 'account/export',
    action: '/c/lamyne/account/export',
    csrf: 'token',
    summaryUrl: '/c/lamyne/account/export/summary',
  },
  'export summary': {
    page: 'account/export-summary',
    exportUrl: '/c/lamyne/account/export',
    person: {
      since: '3 mars 2026',
      emails: [{ address: 'alice@lamyne.example', proven: true }],
      passkeys: ['Téléphone (hub.example)'],
      totp: true,
      recoveryCodesLeft: 8,
    },
    memberships: [
      {
        community: 'La MYNE',
        subject: '0b6f0f0e-6d0e-4d4e-9d38-0d6f0f0e6d0e',
        profile: [
          { field: 'username', value: 'alice' },
          { field: 'role', value: 'owner' },
        ],
        groups: ['bureau'],
        answers: [{ question: 'Qui êtes-vous ?', answer: 'Alice' }],
        services: [
          {
            name: 'Carnet',
            items: [{ claim: 'email', value: 'alice@lamyne.example' }, { claim: 'email_verified' }],
            last: '22 novembre 2026',
          },
        ],
        appPasswords: ['téléphone (courrier)'],
        sessions: 2,
      },
    ],
  },
  'export summary of little': {
    page: 'account/export-summary',
    exportUrl: '/c/lamyne/account/export',
    person: { since: '3 mars 2026', emails: [], passkeys: [], totp: false, recoveryCodesLeft: 0 },
    memberships: [],
  },
};
