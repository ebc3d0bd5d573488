import type { PageModel } from '../../../src/platform/web/pages.ts';

const form = { action: '/c/lamyne/recover', csrf: 'token' };
const ways = { loginUrl: '/c/lamyne/login', recoverUrl: '/c/lamyne/recover' };
const password = { page: 'recover-password' as const, ...form, username: 'alice', faults: [] };
const member = { displayName: 'Alice Martin', username: 'alice' };
const admin = {
  page: 'admin/recoveries' as const,
  ...form,
  frame: { base: '/c/lamyne/admin', requestsWaiting: 0 },
  delayHours: 72,
  username: '',
  recoveries: [],
};

export const RECOVERY_PAGES: Record<string, PageModel> = {
  recover: { page: 'recover', ...form, login: '', loginUrl: ways.loginUrl },
  'recover empty': {
    page: 'recover',
    ...form,
    login: '',
    loginUrl: ways.loginUrl,
    fault: 'missing',
  },
  'recover throttled': {
    page: 'recover',
    ...form,
    login: 'alice',
    loginUrl: ways.loginUrl,
    fault: 'throttled',
    retryAfterMinutes: 12,
  },
  'recover sent': { page: 'recover-sent', ...ways },
  'recover password': { ...password, secondFactor: true, assisted: false },
  'recover password refused': {
    ...password,
    secondFactor: false,
    assisted: true,
    faults: [{ field: 'password', code: 'too-short' }],
  },
  'recover expired': { page: 'recover-expired', ...ways },
  'recover refuse': { page: 'recover-refuse', ...form, member },
  'recover refused': { page: 'recover-refused', loginUrl: ways.loginUrl },
  'recover too late': { page: 'recover-too-late', loginUrl: ways.loginUrl },
  recoveries: {
    ...admin,
    notice: 'requested',
    recoveries: [
      {
        id: '1',
        member,
        requestedBy: 'Benoît',
        state: 'waits-for-approval',
        mayApprove: true,
        mayHandOut: false,
      },
      {
        id: '2',
        member: { displayName: 'Chloé', username: 'chloe' },
        requestedBy: 'Benoît',
        approvedBy: 'Driss',
        ready: '26 novembre 2026 à 10:00',
        state: 'ready',
        mayApprove: false,
        mayHandOut: true,
      },
    ],
    link: { url: 'https://hub.example/c/lamyne/recover/assisted/abc', member: 'Chloé' },
  },
  'recoveries refused': { ...admin, username: 'nobody', fault: 'unknown' },
};
