import type { GroupPage, GroupRow } from '../../../src/pages/community/group-pages.ts';
import { GROUP_NOTICES } from '../../../src/pages/community/group-pages.ts';
import type { PageModel } from '../../../src/platform/web/pages.ts';

const frame = { base: '/c/lamyne/admin', requestsWaiting: 2 };
const base = '/c/lamyne/admin/groups';
const row = (number: number, values: Partial<GroupRow> = {}): GroupRow => {
  const id = `aa1f1f0e-4a43-4d8d-9f43-0a4b1d0f9c${number}`;
  return {
    id,
    name: `groupe ${number}`,
    joining: 'closed',
    members: 5,
    managers: [],
    children: [],
    url: `${base}/${id}`,
    ...values,
  };
};
const joinings = [
  { state: 'closed' as const, isChosen: true },
  { state: 'request' as const, isChosen: false },
  { state: 'open' as const, isChosen: false },
];
const list: Extract<GroupPage, { page: 'admin/groups' }> = {
  page: 'admin/groups',
  frame,
  action: base,
  csrf: 'token',
  groups: [
    row(10, { name: 'bureau', description: 'Celles et ceux qui décident', managers: ['alice'] }),
    row(11, { name: 'jardin', joining: 'open', members: 1, children: ['semis', 'abeilles'] }),
    row(12, {
      name: 'atelier vélo',
      joining: 'request',
      members: 8,
      seats: 8,
      managers: ['sam', 'léa'],
    }),
  ],
  mayMake: true,
  name: '',
  description: '',
  joinings,
  faults: [],
};
const one: Extract<GroupPage, { page: 'admin/group' }> = {
  page: 'admin/group',
  frame,
  url: row(12).url,
  csrf: 'token',
  group: row(12, {
    name: 'atelier vélo',
    description: 'On répare le samedi',
    joining: 'request',
    members: 3,
    seats: 8,
  }),
  isFull: false,
  mayChange: true,
  name: 'atelier vélo',
  description: 'On répare le samedi',
  seats: '8',
  joinings,
  people: '',
  until: '',
  members: [
    {
      subject: 'aa1f1f0e-4a43-4d8d-9f43-0a4b1d0f9d10',
      displayName: 'Alice Martin',
      username: 'alice',
    },
    {
      subject: 'aa1f1f0e-4a43-4d8d-9f43-0a4b1d0f9d11',
      displayName: 'Camille Roy',
      username: 'camille',
      until: '30 juin 2027',
    },
    {
      subject: 'aa1f1f0e-4a43-4d8d-9f43-0a4b1d0f9d12',
      displayName: 'Driss',
      username: 'driss',
      status: 'suspended',
    },
  ],
  more: 0,
  requests: [
    {
      subject: 'aa1f1f0e-4a43-4d8d-9f43-0a4b1d0f9d13',
      displayName: 'Sam Petit',
      username: 'sam',
      on: '21 novembre 2026',
    },
  ],
  managers: [
    {
      subject: 'aa1f1f0e-4a43-4d8d-9f43-0a4b1d0f9d10',
      displayName: 'Alice Martin',
      username: 'alice',
    },
  ],
  manager: '',
  inside: [{ id: row(13).id, name: 'semis' }],
  others: [{ id: row(10).id, name: 'bureau' }],
  listUrl: base,
  faults: [],
};

const own = (number: number, values: object = {}) => ({
  id: row(number).id,
  name: `groupe ${number}`,
  joining: 'request' as const,
  isIn: false,
  isRequested: false,
  isFull: false,
  ...values,
});
const account = {
  page: 'account/groups' as const,
  action: '/c/lamyne/account/groups',
  csrf: 'token',
};

export const GROUP_PAGES: Record<string, PageModel> = {
  'own groups': {
    ...account,
    mine: [
      own(10, { isIn: true, manageUrl: row(10).url, description: 'On répare' }),
      own(11, { isIn: true, joining: 'closed', until: '30 juin 2027' }),
    ],
    others: [
      own(12),
      own(13, { joining: 'open' }),
      own(14, { isRequested: true }),
      own(15, { isFull: true }),
    ],
    notice: 'requested',
  },
  ...Object.fromEntries(
    (['in', 'left', 'withdraw'] as const).map((notice) => [
      `own groups, ${notice}`,
      { ...account, mine: [], others: [], notice },
    ]),
  ),
  groups: list,
  'groups none': { ...list, groups: [] },
  'groups of a manager': { ...list, frame: { ...frame, only: 'groups' }, mayMake: false },
  'groups refused': {
    ...list,
    name: 'bureau',
    faults: [
      { field: 'name', code: 'taken' },
      { field: 'description', code: 'shape' },
    ],
  },
  group: one,
  ...Object.fromEntries(
    GROUP_NOTICES.map((notice) => [`group, ${notice}`, { ...one, requests: [], notice }]),
  ),
  'group that is full': {
    ...one,
    isFull: true,
    more: 12,
    requests: [],
    people: 'sam\npersonne',
    faults: [
      { field: 'people', code: 'full' },
      { field: 'seats', code: 'shape' },
      { field: 'until', code: 'past' },
      { field: 'name', code: 'shape' },
    ],
  },
  'group of nobody': {
    ...one,
    group: row(13, { members: 0 }),
    members: [],
    requests: [],
    managers: [],
    inside: [],
    others: [],
    faults: [
      { field: 'people', code: 'unknown', names: 'personne, autre' },
      { field: 'until', code: 'shape' },
      { field: 'manager', code: 'unknown', names: 'personne' },
    ],
  },
  'group refused': {
    ...one,
    faults: [
      { field: 'people', code: 'missing' },
      { field: 'manager', code: 'missing' },
      { field: 'child', code: 'cycle' },
    ],
  },
  'group with too many': { ...one, faults: [{ field: 'people', code: 'too-many' }] },
  'group of a manager': { ...one, frame: { ...frame, only: 'groups' }, mayChange: false },
  'group to delete': {
    page: 'admin/group-delete',
    frame,
    action: `${base}/delete`,
    csrf: 'token',
    group: row(12, { name: 'atelier vélo' }),
    people: 5,
    services: ['Nuage', 'Forum'],
    backUrl: base,
  },
};
