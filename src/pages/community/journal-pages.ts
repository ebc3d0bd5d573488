import type { JournalArea } from './journal-areas.ts';
import type { AdminFrame } from './pages.ts';

export type JournalPage = {
  page: 'admin/journal';
  frame: AdminFrame;
  action: string;
  area: JournalArea;
  areas: { state: JournalArea; url: string; isCurrent: boolean }[];
  who: string;
  from?: string | undefined;
  until?: string | undefined;
  isFiltered: boolean;
  /** Whether it asks for somebody who is not there. */
  isUnknown: boolean;
  clearUrl: string;
  exportUrl: string;
  days: {
    day: string;
    events: {
      id: string;
      time: string;
      /** `journal.event.WHAT`, or the timeline's words for it. */
      what: string;
      isOwn: boolean;
      about?: string | undefined;
      /** Whom it concerns. */
      member?: string | undefined;
      memberUrl?: string | undefined;
      by: 'member' | 'hub' | 'team' | 'program' | 'somebody';
      byName?: string | undefined;
    }[];
  }[];
  newestUrl?: string | undefined;
  olderUrl?: string | undefined;
};

declare module '../../platform/web/pages.ts' {
  interface Pages {
    journal: JournalPage;
  }
}
