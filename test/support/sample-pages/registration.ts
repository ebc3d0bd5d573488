import type { NewcomerForm } from '../../../src/pages/registration/pages.ts';
import type { PageModel } from '../../../src/platform/web/pages.ts';

const post = (path: string) => ({ action: `/c/lamyne${path}`, csrf: 'token' });
const loginUrl = '/c/lamyne/login';
const register = {
  page: 'register' as const,
  state: 'open' as const,
  ...post('/register'),
  challengeUrl: '/c/lamyne/challenge',
  faults: [],
  loginUrl,
  join: post('/join'),
};
const form: NewcomerForm = {
  ...post('/register/TOKEN'),
  username: 'alice.martin',
  displayName: '',
  givenName: '',
  familyName: '',
  questions: [
    { field: 'answer-1', text: 'Qui vous a parlé de nous ?', required: true, answer: '' },
    { field: 'answer-2', text: 'Que savez-vous réparer ?', required: false, answer: 'Les vélos' },
  ],
  faults: [],
};
const details = {
  page: 'register-details' as const,
  state: 'open' as const,
  address: 'alice@exemple.fr',
  ...form,
};
const faults = [
  { field: 'username', kind: 'username', code: 'lookalike' },
  { field: 'display_name', kind: 'name', code: 'missing' },
  { field: 'given_name', kind: 'name', code: 'characters' },
  { field: 'family_name', kind: 'name', code: 'too-long' },
  { field: 'password', kind: 'password', code: 'too-short' },
  { field: 'answer-1', kind: 'answer', code: 'missing' },
];
const invitation = {
  page: 'invitation' as const,
  ...form,
  email: 'alice@exemple.fr',
  invitation: { invitedBy: 'Noémie', role: 'member' as const, groups: ['bénévoles', 'atelier'] },
  join: { ...post('/join'), invitation: 'TOKEN' },
};
const ended = { page: 'invitation-ended' as const, loginUrl };

export const REGISTRATION_PAGES: Record<string, PageModel> = {
  register,
  'register by approval': { ...register, state: 'approval', email: 'alice@exemple.fr' },
  'register refused': {
    ...register,
    email: 'alice',
    faults: [{ field: 'email', kind: 'email', code: 'shape' }],
  },
  'register throttled': { ...register, email: 'alice@exemple.fr', retryAfterMinutes: 12 },
  'register closed': { page: 'register-closed', state: 'closed', loginUrl },
  'register by invitation': { page: 'register-closed', state: 'invitation', loginUrl },
  'register sent': { page: 'register-sent', registerUrl: '/c/lamyne/register' },
  'register details': details,
  'register details by approval': { ...details, state: 'approval', questions: [] },
  'register details refused': { ...details, faults },
  'register details throttled': { ...details, retryAfterMinutes: 1 },
  'register expired': {
    page: 'register-expired',
    registerUrl: '/c/lamyne/register',
    loginUrl,
  },
  'register requested': { page: 'register-requested', homeUrl: '/c/lamyne' },
  invitation,
  'invitation as admin': {
    ...invitation,
    invitation: { role: 'admin', groups: [] },
    questions: [],
  },
  'invitation as owner': {
    ...invitation,
    invitation: { invitedBy: 'Noémie', role: 'owner', groups: [] },
  },
  'invitation refused': {
    ...invitation,
    faults: [...faults, { field: 'email', kind: 'email', code: 'missing' }],
  },
  'invitation throttled': { ...invitation, retryAfterMinutes: 1 },
  'invitation for a member': {
    page: 'invitation-member',
    displayName: 'Alice Martin',
    homeUrl: '/c/lamyne',
  },
  'invitation revoked': { ...ended, state: 'revoked' },
  'invitation used up': { ...ended, state: 'used-up' },
  'invitation expired': { ...ended, state: 'expired' },
  'invitation unknown': { ...ended, state: 'unknown' },
};
