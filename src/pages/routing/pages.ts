/** What a community shows that is paused or gone. */
export type ClosedPage = { page: 'community-closed'; state: 'frozen' | 'moved' | 'archived' };

declare module '../../platform/web/pages.ts' {
  interface Pages {
    routing: ClosedPage;
  }
}
