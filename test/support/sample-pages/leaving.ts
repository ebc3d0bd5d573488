import type { PageModel } from '../../../src/platform/web/pages.ts';

const form = { action: '/c/lamyne/account/leave', csrf: 'token', username: 'alice' };
const base = { ...form, communities: ['La MYNE', 'L’Hermitage'], days: 14 };

export const LEAVING_PAGES: Record<string, PageModel> = {
  leave: { page: 'account/leave', ...form, faults: [] },
  'leave refused': {
    page: 'account/leave',
    ...form,
    typed: 'alise',
    faults: [{ field: 'confirm', code: 'confirm' }],
  },
  'leave as the last owner': {
    page: 'account/leave',
    ...form,
    faults: [{ field: 'form', code: 'last-owner' }],
  },
  delete: { page: 'account/delete', ...base, faults: [] },
  'delete refused': {
    page: 'account/delete',
    ...base,
    faults: [{ field: 'confirm', code: 'confirm' }],
  },
  'deletion pending': {
    page: 'deletion-pending',
    action: '/c/lamyne/login/decision',
    csrf: 'token',
    due: '7 décembre 2026',
    homeUrl: '/c/lamyne',
  },
  left: { page: 'left', kind: 'left', homeUrl: '/c/lamyne' },
  'deletion asked for': {
    page: 'left',
    kind: 'deletion',
    due: '7 décembre 2026',
    homeUrl: '/c/lamyne',
  },
};
