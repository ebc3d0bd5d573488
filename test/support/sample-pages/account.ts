import type { ServiceView } from '../../../src/pages/account/pages.ts';
import { TOLD_EVENTS } from '../../../src/pages/components/event-words.ts';
import type { SessionView } from '../../../src/pages/components/session-view.ts';
import type { PageModel } from '../../../src/platform/web/pages.ts';

const form = (path: string) => ({ action: `/c/lamyne/account/${path}`, csrf: 'token' });
const here: SessionView = {
  uid: 'session-here',
  browser: 'Firefox',
  system: 'Linux',
  kind: 'computer',
  here: true,
  ip: '192.0.2.7',
  host: 'login.lamyne.example',
  firstSeen: '20 novembre 2026 à 09:12',
  lastSeen: '23 novembre 2026 à 14:03',
  services: ['Nuage', 'Forum'],
};
const phone: SessionView = {
  ...here,
  uid: 'session-phone',
  browser: 'Safari',
  system: 'iOS',
  kind: 'phone',
  here: false,
  ip: '2001:db8::1',
  host: undefined,
  services: [],
};
const unknown: SessionView = {
  uid: 'session-unknown',
  kind: 'unknown',
  here: false,
  firstSeen: '1 novembre 2026 à 09:12',
  lastSeen: '2 novembre 2026 à 09:12',
  services: [],
};
const overview = {
  page: 'account/overview' as const,
  base: '/c/lamyne/account',
  member: { displayName: 'Alice Martin', username: 'alice' },
  checks: [],
  devices: [here],
  moreDevices: 0,
  communities: [],
};
const url = '/c/lamyne/account/two-factors';
const profile = {
  page: 'account/profile' as const,
  ...form('profile'),
  username: 'alice',
  displayName: 'Alice Martin',
  givenName: 'Alice',
  familyName: 'Martin',
  nickname: '',
  pronouns: 'elle',
  faults: [],
};
const language = {
  page: 'account/language' as const,
  ...form('language'),
  locale: 'fr' as const,
  zoneinfo: 'Europe/Paris',
  regions: [
    { name: 'Europe', zones: [{ id: 'Europe/Paris', name: 'Paris' }] },
    { name: 'UTC', zones: [{ id: 'UTC', name: 'UTC' }] },
  ],
  now: '23 novembre 2026 à 14:03',
  faults: [],
};
const appPasswords = {
  page: 'account/app-passwords' as const,
  ...form('app-passwords'),
  passwords: [
    {
      id: '0c0ffee0-0000-4000-8000-000000000003',
      name: 'Messagerie du téléphone',
      service: 'Courriel',
      created: '3 novembre 2026',
      lastUsed: '22 novembre 2026',
    },
    {
      id: '0c0ffee0-0000-4000-8000-000000000004',
      name: 'Agenda',
      service: 'Nuage',
      created: '4 novembre 2026',
    },
  ],
  services: [
    { slug: 'mail', name: 'Courriel', selected: false },
    { slug: 'cloud', name: 'Nuage', selected: true },
  ],
  name: '',
  faults: [],
};
const items = [
  { claim: 'name', value: 'Alice Martin' },
  { claim: 'email', value: 'alice@lamyne.example' },
  { claim: 'email_verified' },
  { claim: 'groups', value: 'bureau, jardin' },
];
const cloud: ServiceView = {
  slug: 'cloud',
  name: 'Nuage',
  icon: 'cloud',
  url: 'https://cloud.lamyne.example/',
  state: 'open',
  received: { items, first: '3 novembre 2026 à 09:12', last: '22 novembre 2026 à 18:30' },
  directory: items,
  agreed: { kind: 'notice', scopes: ['openid', 'profile'], on: '3 novembre 2026' },
};
const services = { page: 'account/services' as const, ...form('services') };

export const ACCOUNT_PAGES: Record<string, PageModel> = {
  account: {
    ...overview,
    member: { ...overview.member, pictureUrl: '/c/lamyne/pictures/key' },
    checks: [
      { kind: 'second-factor', state: 'good', url },
      { kind: 'recovery-codes', state: 'few', url, count: 2 },
      { kind: 'email', state: 'good', url, address: 'alice@lamyne.example' },
    ],
    devices: [here, phone, unknown],
    moreDevices: 2,
    communities: [
      { name: 'La MYNE', url: '/c/lamyne', here: true },
      { name: 'Le Réseau', url: 'https://reseau.example', here: false },
    ],
  },
  'account poorly guarded': {
    ...overview,
    checks: [
      { kind: 'second-factor', state: 'required', url, date: '31 janvier 2027' },
      { kind: 'recovery-codes', state: 'missing', url, count: 0 },
      { kind: 'email', state: 'missing', url },
    ],
  },
  'account to be guarded': {
    ...overview,
    checks: [
      { kind: 'second-factor', state: 'missing', url },
      { kind: 'recovery-codes', state: 'good', url, count: 10 },
      { kind: 'email', state: 'unverified', url, address: 'alice@lamyne.example' },
    ],
  },
  profile: { ...profile, pictureUrl: '/c/lamyne/pictures/key', notice: 'saved' },
  'profile refused': {
    ...profile,
    faults: [
      { field: 'display_name', code: 'missing' },
      { field: 'given_name', code: 'too-long' },
      { field: 'family_name', code: 'characters' },
      { field: 'nickname', code: 'characters' },
      { field: 'pronouns', code: 'pronouns-too-long' },
      { field: 'picture', code: 'picture-format' },
    ],
  },
  language,
  'language refused': {
    ...language,
    faults: [
      { field: 'locale', code: 'locale' },
      { field: 'zoneinfo', code: 'zoneinfo' },
    ],
  },
  'app passwords': { ...appPasswords, notice: 'revoked' },
  'app passwords none': { ...appPasswords, passwords: [], services: [] },
  'app passwords refused': {
    ...appPasswords,
    name: 'x',
    faults: [
      { field: 'service', code: 'service' },
      { field: 'name', code: 'app-password-name' },
    ],
  },
  'app password made': {
    page: 'account/app-password-made',
    backUrl: '/c/lamyne/account/app-passwords',
    name: 'Messagerie du téléphone',
    service: 'Courriel',
    secret: 'abcd-efgh-ijkm-npqr-stuv-wxyz-2345',
    username: 'alice',
    dn: 'uid=alice,ou=people,o=lamyne',
  },
  sessions: {
    page: 'account/sessions',
    ...form('sessions'),
    sessions: [here, phone, unknown],
    open: [{ name: 'Nuage', url: 'https://nuage.example/' }],
    hasOthers: true,
    notice: 'ended',
  },
  'sessions alone': {
    page: 'account/sessions',
    ...form('sessions'),
    sessions: [here],
    open: [],
    hasOthers: false,
    notice: 'others-ended',
  },
  'account services': {
    ...services,
    services: [
      cloud,
      { slug: 'visio', name: 'Visio', state: 'requested' },
      {
        slug: 'quiz',
        name: 'Quiz',
        state: 'closed',
        agreed: { kind: 'consent', scopes: ['openid', 'email'], on: '3 novembre 2026' },
      },
    ],
    notice: 'withdrawn',
  },
  'account services none': { ...services, services: [] },
  activity: {
    page: 'account/activity',
    days: [
      {
        day: 'lundi 23 novembre 2026',
        events: [...TOLD_EVENTS, 'other'].map((what, index) => ({
          id: String(index),
          time: '14:03',
          what,
          by: (['you', 'admin', 'team', 'hub', 'somebody'] as const)[index % 5] as 'you',
          byName: index % 5 === 1 && index % 2 === 0 ? 'Camille' : undefined,
          about: index % 3 === 0 ? 'Nuage' : undefined,
        })),
      },
    ],
    newestUrl: '/c/lamyne/account/activity',
    olderUrl: '/c/lamyne/account/activity?before=12',
  },
  'activity none': { page: 'account/activity', days: [] },
};
