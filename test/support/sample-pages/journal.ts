import { JOURNAL_AREA_NAMES, JOURNAL_EVENTS } from '../../../src/pages/community/journal-areas.ts';
import type { JournalPage } from '../../../src/pages/community/journal-pages.ts';
import type { PageModel } from '../../../src/platform/web/pages.ts';

const base = '/c/lamyne/admin/journal';
const page: JournalPage = {
  page: 'admin/journal',
  frame: { base: '/c/lamyne/admin', requestsWaiting: 2 },
  action: base,
  area: 'changes',
  areas: JOURNAL_AREA_NAMES.map((state) => ({
    state,
    url: `${base}?area=${state}`,
    isCurrent: state === 'changes',
  })),
  who: '',
  isFiltered: false,
  isUnknown: false,
  clearUrl: base,
  exportUrl: `${base}/export.csv`,
  days: [
    {
      day: 'lundi 23 novembre 2026',
      events: [
        {
          id: '9001',
          time: '14:03',
          what: 'member.suspended',
          isOwn: false,
          member: 'Camille Roy',
          memberUrl: '/c/lamyne/admin/members/5b1f1f0e-4a43-4d8d-9f43-0a4b1d0f9c11',
          by: 'member',
          byName: 'Noémie',
        },
        { id: '9000', time: '14:00', what: 'other', isOwn: true, by: 'hub' },
        ...[...JOURNAL_EVENTS].map((what, index) => ({
          id: String(index),
          time: '09:12',
          what,
          isOwn: true,
          about: 'bureau',
          by: 'team' as const,
        })),
      ],
    },
  ],
  newestUrl: base,
  olderUrl: `${base}?before=1`,
};

export const JOURNAL_PAGES: Record<string, PageModel> = {
  journal: page,
  'journal of somebody unknown': {
    ...page,
    area: 'groups',
    who: 'personne',
    from: '2026-11-01',
    until: '2026-11-30',
    isFiltered: true,
    isUnknown: true,
    days: [],
    newestUrl: undefined,
    olderUrl: undefined,
  },
};
