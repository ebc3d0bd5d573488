import type { ListedInvitation } from '../../../src/pages/community/pages.ts';
import { barChart } from '../../../src/pages/components/bar-chart.ts';
import type { PageModel } from '../../../src/platform/web/pages.ts';

const frame = { base: '/c/lamyne/admin', requestsWaiting: 2 };
const post = (path: string) => ({ action: `/c/lamyne/admin${path}`, csrf: 'token' });
const SUBJECT = '5b1f1f0e-4a43-4d8d-9f43-0a4b1d0f9c11';

const invitation: ListedInvitation = {
  id: 'aa0f1f0e-4a43-4d8d-9f43-0a4b1d0f9c22',
  label: 'Bénévoles du festival',
  role: 'member',
  groups: ['bénévoles', 'festival'],
  uses: 3,
  maxUses: 40,
  expiresOn: '30 novembre 2026',
  createdBy: 'Noémie',
  state: 'open',
  url: '/c/lamyne/admin/invitations/aa0f1f0e-4a43-4d8d-9f43-0a4b1d0f9c22',
};
const ended = (id: string, state: ListedInvitation['state']): ListedInvitation => ({
  ...invitation,
  id,
  label: `Ancienne ${id}`,
  role: 'admin',
  groups: [],
  email: 'sam@exemple.fr',
  createdBy: undefined,
  uses: 1,
  maxUses: undefined,
  state,
});
const invitations = {
  page: 'admin/invitations' as const,
  frame,
  ...post('/invitations'),
  label: '',
  emails: '',
  roles: [
    { state: 'member' as const, isChosen: true },
    { state: 'admin' as const, isChosen: false },
    { state: 'owner' as const, isChosen: false },
  ],
  groups: [
    { id: 'g1', name: 'bénévoles', isChosen: true },
    { id: 'g2', name: 'bureau', isChosen: false },
  ],
  uses: 'one' as const,
  maxUses: '',
  days: [
    { count: 1, isChosen: false },
    { count: 7, isChosen: true },
  ],
  faults: [],
  invitations: [invitation, ended('i2', 'used-up'), ended('i3', 'expired'), ended('i4', 'revoked')],
};

const address = {
  page: 'admin/address' as const,
  frame,
  ...post('/settings/address'),
  issuer: 'https://hub.example/c/lamyne',
  isPath: true,
  hosts: [],
  hubHost: 'hub.example',
  typed: '',
  uses: [
    { use: 'both' as const, isChosen: true },
    { use: 'web' as const, isChosen: false },
    { use: 'ldap' as const, isChosen: false },
  ],
};
const toSet = (host: string) => ({
  record: `_trousseau-challenge.${host}`,
  file: `http://${host}/.well-known/trousseau-challenge.txt`,
  token: '0123456789abcdefghijklmnopqrstuv',
});

export const ADMIN_PAGES: Record<string, PageModel> = {
  'admin address': {
    ...address,
    issuer: 'https://connexion.lamyne.example',
    isPath: false,
    notice: 'claimed',
    hosts: [
      {
        host: 'connexion.lamyne.example',
        uses: ['web', 'ldap'],
        state: 'proven',
        by: 'dns',
        isIssuer: true,
      },
      {
        host: 'ancien.lamyne.example',
        uses: ['web'],
        state: 'proven',
        by: 'file',
        isIssuer: false,
        toSet: toSet('ancien.lamyne.example'),
        missingSince: '21 novembre 2026',
      },
      {
        host: 'un-nom-bien-long-pour-une-seule-adresse.atelier.lamyne.example',
        uses: ['ldap'],
        state: 'claimed',
        isIssuer: false,
        toSet: toSet('un-nom-bien-long-pour-une-seule-adresse.atelier.lamyne.example'),
        expiresOn: '5 décembre 2026',
      },
    ],
  },
  'admin address none': address,
  'admin address refused': {
    ...address,
    typed: '*.lamyne.example',
    fault: { code: 'host-wildcard', isOfForm: true },
  },
  'admin overview': {
    page: 'admin/overview',
    csrf: 'token',
    notice: 'admitted',
    toDo: [
      {
        kind: 'recovery',
        id: 'aa0f1f0e-4a43-4d8d-9f43-0a4b1d0f9c33',
        name: 'Chloé',
        username: 'chloe',
        by: 'Benoît',
        mayApprove: true,
      },
      {
        kind: 'recovery',
        id: 'aa0f1f0e-4a43-4d8d-9f43-0a4b1d0f9c34',
        name: 'Driss',
        username: 'driss',
        by: 'Benoît',
        mayApprove: false,
      },
      {
        kind: 'join',
        subject: SUBJECT,
        name: 'Sam Petit',
        username: 'sam',
        on: '21 novembre 2026',
      },
      {
        kind: 'access',
        subject: SUBJECT,
        serviceId: invitation.id,
        name: 'Camille Roy',
        username: 'camille',
        service: 'Visio',
        on: '23 novembre 2026',
      },
      {
        kind: 'entry',
        subject: SUBJECT,
        groupId: 'aa0f1f0e-4a43-4d8d-9f43-0a4b1d0f9c77',
        group: 'jardin',
        name: 'Sam Petit',
        username: 'sam',
        on: '21 novembre 2026',
      },
      {
        kind: 'end',
        subject: SUBJECT,
        name: 'Camille Roy',
        what: 'membership',
        on: '30 novembre 2026',
        later: '2027-11-30',
      },
      { kind: 'end', subject: SUBJECT, name: 'Driss', what: 'role', on: '30 novembre 2026' },
      {
        kind: 'end',
        subject: SUBJECT,
        name: 'Léa',
        what: 'group',
        group: 'jardin',
        on: '30 novembre 2026',
      },
      { kind: 'service', name: 'Carnet', on: '20 novembre 2026' },
      {
        kind: 'factor',
        subject: 'bb0f1f0e-4a43-4d8d-9f43-0a4b1d0f9c33',
        name: 'Noémie',
        username: 'noemie',
        email: 'noemie@exemple.fr',
      },
      {
        kind: 'factor',
        subject: 'bb0f1f0e-4a43-4d8d-9f43-0a4b1d0f9c34',
        name: 'Élie',
        username: 'elie',
      },
    ],
    chart: barChart(
      Array.from({ length: 30 }, (_, day) => ({
        day: `2026-11-${String(day + 1).padStart(2, '0')}`,
        count: (day * 7) % 13,
      })),
      (date) => `${date.getUTCDate()} novembre`,
    ),
    shownLinks: [{ at: '23 nov. 2026, 09:30', kind: 'recovery', operator: 'ops@hub.example' }],
    frame,
    counts: [
      { kind: 'active', count: 128, url: '/c/lamyne/admin/members' },
      { kind: 'requested', count: 2, url: '/c/lamyne/admin/requests' },
      { kind: 'suspended', count: 1, url: '/c/lamyne/admin/members?status=suspended' },
      { kind: 'invitations', count: 0, url: '/c/lamyne/admin/invitations' },
    ],
  },
  'admin overview quiet': {
    page: 'admin/overview',
    csrf: 'token',
    toDo: [],
    shownLinks: [],
    frame: { ...frame, requestsWaiting: 0 },
    counts: [{ kind: 'active', count: 1, url: '/c/lamyne/admin/members' }],
    chart: barChart([{ day: '2026-11-30', count: 0 }], () => '30 novembre'),
  },
  'admin requests': {
    page: 'admin/requests',
    frame,
    ...post('/requests'),
    requests: [
      {
        subject: SUBJECT,
        displayName: 'Sam Petit',
        username: 'sam',
        email: 'sam@exemple.fr',
        requestedOn: '21 novembre 2026',
        answers: [
          { question: 'Qui vous a parlé de nous ?', answer: 'Alice, à l’atelier vélo.' },
          {
            question: 'Que savez-vous réparer ?',
            answer: 'Les vélos.\nEt un peu les grille-pain.',
          },
        ],
      },
      {
        subject: '5b1f1f0e-4a43-4d8d-9f43-0a4b1d0f9c12',
        displayName: 'ليلى',
        username: 'leila',
        requestedOn: '22 novembre 2026',
        answers: [],
      },
    ],
    access: [
      {
        subject: SUBJECT,
        displayName: 'Camille Roy',
        username: 'camille',
        serviceId: 'bb0f1f0e-4a43-4d8d-9f43-0a4b1d0f9c33',
        service: 'Visio',
        requestedOn: '23 novembre 2026',
      },
    ],
    notice: 'admitted',
  },
  'admin requests none': {
    page: 'admin/requests',
    frame: { ...frame, requestsWaiting: 0 },
    ...post('/requests'),
    requests: [],
    access: [],
    notice: 'refused',
  },
  'admin invitations': { ...invitations, notice: 'sent' },
  'admin invitations waiting': {
    ...invitations,
    emails: 'sam@exemple.fr, alice@exemple.fr',
    wait: { from: '23 novembre 2026 à 10:00', left: 0 },
  },
  'admin invitations refused': {
    ...invitations,
    groups: [],
    invitations: [],
    uses: 'many',
    maxUses: 'beaucoup',
    emails: 'sam@, alice@exemple.fr',
    faults: [
      { field: 'label', kind: 'label', code: 'missing' },
      { field: 'emails', kind: 'emails', code: 'shape' },
      { field: 'max_uses', kind: 'max_uses', code: 'number' },
      { field: 'role', kind: 'role', code: 'not-yours' },
    ],
  },
  'admin invitation': {
    page: 'admin/invitation',
    frame,
    ...post('/invitations/aa0f1f0e'),
    invitation,
    link: {
      address:
        'https://hub.example/c/lamyne/invitations/0000000000000000000000000000000000000000000',
      qr: 'data:image/svg+xml;base64,PHN2ZyB4bWxucz0iaHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmciLz4=',
    },
    backUrl: '/c/lamyne/admin/invitations',
    notice: 'created',
  },
  'admin invitation ended': {
    page: 'admin/invitation',
    frame,
    ...post('/invitations/aa0f1f0e'),
    invitation: ended('i5', 'expired'),
    backUrl: '/c/lamyne/admin/invitations',
  },
};
