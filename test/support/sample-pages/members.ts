import type { MemberPage, MemberRow } from '../../../src/pages/community/member-pages.ts';
import type { PageModel } from '../../../src/platform/web/pages.ts';

const frame = { base: '/c/lamyne/admin', requestsWaiting: 2 };
const base = '/c/lamyne/admin/members';
const row = (number: number, values: Partial<MemberRow> = {}): MemberRow => {
  const subject = `5b1f1f0e-4a43-4d8d-9f43-0a4b1d0f9c${number}`;
  return {
    subject,
    displayName: `Camille Roy ${number}`,
    username: `camille${number}`,
    email: `camille${number}@exemple.fr`,
    role: 'member',
    status: 'active',
    isHeld: false,
    hasFactor: true,
    groups: [],
    since: '3 mars 2026',
    url: `${base}/${subject}`,
    ...values,
  };
};
const groups = [
  { id: 'aa1f1f0e-4a43-4d8d-9f43-0a4b1d0f9c10', name: 'bureau', isChosen: false },
  { id: 'aa1f1f0e-4a43-4d8d-9f43-0a4b1d0f9c11', name: 'jardin', isChosen: false },
];
const list: Extract<MemberPage, { page: 'admin/members' }> = {
  page: 'admin/members',
  frame,
  action: base,
  chooseAction: `${base}/several`,
  exportUrl: `${base}/export.csv`,
  search: '',
  status: 'active',
  statuses: [
    { state: 'active', count: 128, url: base, isCurrent: true },
    { state: 'requested', count: 2, url: `${base}?status=requested`, isCurrent: false },
    { state: 'suspended', count: 1, url: `${base}?status=suspended`, isCurrent: false },
    { state: 'left', count: 0, url: `${base}?status=left`, isCurrent: false },
  ],
  roles: [
    { state: 'member', isChosen: false },
    { state: 'admin', isChosen: false },
    { state: 'owner', isChosen: false },
  ],
  groups,
  factors: [
    { state: 'yes', isChosen: false },
    { state: 'no', isChosen: false },
  ],
  sorts: [
    { state: 'name', isChosen: true },
    { state: 'newest', isChosen: false },
    { state: 'oldest', isChosen: false },
  ],
  isFiltered: false,
  clearUrl: base,
  members: [
    row(10, { displayName: 'Alice Martin', username: 'alice', role: 'owner', groups: ['bureau'] }),
    row(11, { role: 'admin', hasFactor: false, groups: ['bureau', 'jardin'] }),
    row(12, { email: undefined, hasFactor: false }),
    row(13),
  ],
  total: 128,
  actions: ['suspend', 'resume', 'add', 'remove', 'let-go'],
  pager: { page: 2, pages: 4, previousUrl: base, nextUrl: `${base}?page=3` },
};
const several = {
  page: 'admin/members-several' as const,
  frame,
  action: `${base}/several`,
  csrf: 'token',
  members: [row(11), row(12)],
  skipped: [{ displayName: 'Alice Martin' }],
  groups: [],
  backUrl: base,
};
const one: Extract<MemberPage, { page: 'admin/member' }> = {
  page: 'admin/member',
  frame,
  member: row(11, { role: 'admin', groups: ['bureau'] }),
  isSelf: false,
  mayManage: true,
  canSuspend: true,
  canResume: false,
  canLetGo: true,
  csrf: 'token',
  url: row(11).url,
  roles: [
    { state: 'member', isChosen: false },
    { state: 'admin', isChosen: true },
    { state: 'owner', isChosen: false },
  ],
  groups: groups.slice(0, 1),
  moreGroups: groups.slice(1),
  services: [
    { name: 'Nuage', state: 'open' },
    { name: 'Visio', state: 'requested' },
    { name: 'Radio', state: 'blocked' },
  ],
  sessions: [
    {
      uid: 'one',
      browser: 'Firefox',
      system: 'Linux',
      kind: 'computer',
      here: false,
      ip: '192.0.2.7',
      firstSeen: '20 novembre 2026 à 09:12',
      lastSeen: '23 novembre 2026 à 14:03',
      services: ['Nuage'],
    },
  ],
  factors: { passkeys: 2, totp: true, recoveryCodes: 0 },
  events: [
    { at: '23 nov. 2026, 14:03', what: 'member.signed-in', by: 'member', byName: 'Camille Roy' },
    { at: '20 nov. 2026, 09:12', what: 'group.member-added', about: 'bureau', by: 'team' },
    { at: '20 nov. 2026, 09:10', what: 'member.joined', by: 'hub' },
  ],
  listUrl: base,
};
const suspended = row(14, { status: 'suspended', groups: [] });

export const MEMBER_PAGES: Record<string, PageModel> = {
  members: { ...list, notice: 'changed' },
  'members found': {
    ...list,
    search: 'zoé',
    isFiltered: true,
    members: [row(15, { status: 'requested' }), row(16, { isHeld: true, status: 'suspended' })],
    total: 2,
    pager: undefined,
  },
  'members none': { ...list, members: [], total: 0, pager: undefined, groups: [] },
  'members none found': {
    ...list,
    search: 'zzz',
    isFiltered: true,
    members: [],
    total: 0,
    pager: undefined,
  },
  'members to suspend': { ...several, kind: 'suspend' },
  'members to resume': { ...several, kind: 'resume', members: [row(14)], skipped: [] },
  'members to add': { ...several, kind: 'add', groups },
  'members to remove': { ...several, kind: 'remove', groups },
  'members to let go': { ...several, kind: 'let-go' },
  'members nobody chosen': { ...several, kind: 'suspend', members: [], skipped: [] },
  member: { ...one, notice: 'group-added' },
  'member myself': {
    ...one,
    isSelf: true,
    canSuspend: false,
    canLetGo: false,
    groups: [],
    services: [],
    sessions: [],
    factors: { passkeys: 0, totp: false, recoveryCodes: 0 },
    events: [],
  },
  'member an owner': {
    ...one,
    member: row(10, { role: 'owner' }),
    mayManage: false,
    canSuspend: false,
    canLetGo: false,
    sessions: [],
  },
  'member suspended': {
    ...one,
    member: suspended,
    canSuspend: false,
    canResume: true,
    moreGroups: [],
    notice: 'suspended',
  },
  'member let go': {
    page: 'admin/member-let-go',
    frame,
    member: row(11, { groups: ['bureau'] }),
    open: [{ name: 'Forum', days: 7 }],
    services: ['Nuage', 'Visio'],
    sessions: 2,
    action: `${base}/let-go`,
    csrf: 'token',
    backUrl: base,
  },
};
