import type { Chrome, PageModel } from '../../src/web/page-models.ts';

const form = { action: '/c/lamyne/do', csrf: 'token' };
const service = { name: 'Carnet' };

/** One of each page, in each of its states. */
export const SAMPLE_PAGES: Record<string, PageModel> = {
  login: { page: 'login', ...form },
  'login for an app': { page: 'login', ...form, service, username: 'alice' },
  'login refused': { page: 'login', ...form, username: 'alice', fault: 'credentials' },
  'login throttled': {
    page: 'login',
    ...form,
    username: 'alice',
    fault: 'throttled',
    retryAfterMinutes: 12,
  },
  submit: {
    page: 'submit',
    action: 'https://app.example/cb',
    fields: [{ name: 'code', value: 'x' }],
  },
  'submit to a service': {
    page: 'submit',
    action: 'https://app.example/cb',
    fields: [{ name: 'state', value: 'y' }],
    service,
  },
  'login empty': { page: 'login', ...form, fault: 'missing' },
  'login again': {
    page: 'login',
    ...form,
    service,
    username: 'alice',
    reauthenticate: {
      displayName: 'Alice Martin',
      switchAction: '/c/lamyne/login/x?switch=1',
    },
  },
  notice: {
    page: 'consent',
    ...form,
    kind: 'notice',
    service,
    member: { displayName: 'Alice Martin', username: 'alice' },
    offlineAccess: false,
    shares: [
      { scope: 'openid', items: [] },
      {
        scope: 'profile',
        items: [
          { claim: 'name', value: 'Alice Martin' },
          { claim: 'preferred_username', value: 'alice' },
          { claim: 'updated_at' },
        ],
      },
      {
        scope: 'email',
        items: [{ claim: 'email', value: 'alice@lamyne.example' }, { claim: 'email_verified' }],
      },
    ],
  },
  consent: {
    page: 'consent',
    ...form,
    kind: 'consent',
    service: { name: 'Agenda partagé' },
    member: { displayName: 'Alice Martin', username: 'alice' },
    offlineAccess: true,
    shares: [{ scope: 'groups', items: [{ claim: 'groups', value: 'bureau, membres' }] }],
  },
  'access by group': {
    page: 'access-denied',
    service: { name: 'Comptabilité' },
    reason: 'groups',
    groups: ['bureau'],
    contacts: [
      { displayName: 'Alice Martin', email: 'alice@lamyne.example' },
      { displayName: 'Bruno Petit' },
    ],
    returnToAppAction: form,
    homeUrl: '/c/lamyne',
  },
  'access by approval': {
    page: 'access-denied',
    service: { name: 'Visio' },
    reason: 'approval',
    groups: [],
    contacts: [],
    request: form,
    returnToAppAction: form,
    homeUrl: '/c/lamyne',
  },
  'access requested': {
    page: 'access-denied',
    service,
    reason: 'requested',
    groups: [],
    contacts: [],
    homeUrl: '/',
  },
  'access blocked': {
    page: 'access-denied',
    service,
    reason: 'blocked',
    groups: [],
    contacts: [],
    homeUrl: '/',
  },
  logout: {
    page: 'logout',
    action: '/x',
    xsrf: 'x',
    service,
    member: { displayName: 'Alice Martin' },
  },
  'logout of all': { page: 'logout', action: '/x', xsrf: 'x' },
  'logged out': { page: 'logged-out', homeUrl: '/c/lamyne' },
  'left a service': { page: 'logged-out', service, homeUrl: '/c/lamyne' },
  device: { page: 'device-code', action: '/x', xsrf: 'x' },
  'device refused': {
    page: 'device-code',
    action: '/x',
    xsrf: 'x',
    userCode: 'ABCD-EFGH',
    fault: 'unknown',
  },
  'device confirm': {
    page: 'device-confirm',
    action: '/x',
    xsrf: 'x',
    userCode: 'ABCD-EFGH',
    service,
    ip: '192.0.2.7',
    userAgent: 'Une télévision',
  },
  'device done': { page: 'device-done' },
  home: {
    page: 'home',
    member: { displayName: 'Alice Martin', username: 'alice' },
    services: [
      {
        slug: 'cloud',
        name: 'Nuage',
        description: 'Fichiers et agendas partagés',
        icon: 'cloud',
        url: 'https://cloud.example/',
        host: 'cloud.example',
      },
      {
        slug: 'chat',
        name: 'Discussion',
        icon: 'chat',
        url: 'https://chat.example/',
        host: 'chat.example',
      },
      {
        slug: 'notes',
        name: 'Carnet',
        icon: '📒',
        url: 'https://notes.example/',
        host: 'notes.example',
      },
      { slug: 'mail', name: 'Courriel' },
    ],
    requestable: [
      {
        slug: 'visio',
        name: 'Visio',
        description: 'Réunions à distance',
        icon: 'video',
        ...form,
        requested: false,
      },
      { slug: 'code', name: 'Forge', icon: 'code', ...form, requested: true },
    ],
    notice: 'requested',
    signOutEverywhere: form,
  },
  'home empty': {
    page: 'home',
    member: { displayName: 'Zoé', username: 'zoe' },
    services: [],
    requestable: [],
    signOutEverywhere: form,
  },
  'community frozen': { page: 'community-closed', state: 'frozen' },
  'community moved': { page: 'community-closed', state: 'moved' },
  'community archived': { page: 'community-closed', state: 'archived' },
  ...Object.fromEntries(
    (
      [
        'not-found',
        'expired',
        'bad-request',
        'forbidden',
        'csrf',
        'too-large',
        'too-many',
        'unavailable',
        'internal',
        'unknown-client',
        'redirect-mismatch',
        'oidc',
      ] as const
    ).map((kind) => [
      `error ${kind}`,
      {
        page: 'error',
        status: 400,
        kind,
        detail: 'invalid_request: missing',
        reference: 'ab12cd34',
        homeUrl: '/c/lamyne',
        retryUrl: '/again',
      } as PageModel,
    ]),
  ),
  setup: { page: 'setup', ...form, token: 't', faults: [] },
  'setup refused': {
    page: 'setup',
    ...form,
    token: 't',
    email: 'moi',
    faults: [
      { field: 'email', code: 'invalid' },
      { field: 'password', code: 'too-short' },
    ],
  },
  'setup link used': {
    page: 'setup',
    ...form,
    token: 't',
    faults: [{ field: 'token', code: 'invalid' }],
  },
  'setup done': { page: 'setup-done', operatorUrl: '/operator/login' },
  'operator login': { page: 'operator-login', ...form },
  'operator refused': {
    page: 'operator-login',
    ...form,
    email: 'ops@hub.example',
    fault: 'credentials',
  },
  'operator home': {
    page: 'operator-home',
    communities: [
      {
        name: 'La MYNE',
        slug: 'lamyne',
        state: 'active',
        url: '/c/lamyne',
        members: 12,
        services: 5,
      },
    ],
    signOut: form,
  },
  'hub home': {
    page: 'hub-home',
    communities: [
      { name: 'La MYNE', url: '/c/lamyne' },
      { name: 'L’Hermitage', url: '/c/hermitage' },
    ],
  },
  'hub home empty': { page: 'hub-home', communities: [] },
};

export function sampleChrome(locale: 'fr' | 'en'): Chrome {
  return {
    locale,
    assetBase: '/assets',
    community: { name: 'La MYNE', homeUrl: '/c/lamyne', contactEmail: 'aide@lamyne.example' },
    languageForm: { action: '/c/lamyne/language', returnTo: '/c/lamyne', csrf: 'token' },
    signedInAs: {
      displayName: 'Alice Martin',
      username: 'alice',
      signOutUrl: '/c/lamyne/oidc/session/end',
    },
  };
}
