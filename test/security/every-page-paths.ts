import { SITE } from '../../src/app-web.ts';

/** A page of a community, at a path of its own that its pattern takes. */
export type PageOf = { method: string; path: string };

/** What stands in a path where nothing that exists is meant. */
const UUID = '00000000-0000-4000-8000-000000000000';
const TOKEN = 'A'.repeat(43);
const PLACES: Record<string, string> = { id: UUID, subject: UUID, slug: 'nothing' };

/** Every page that a community has, whoever added it; those of an app's request are left out. */
export const PAGES: PageOf[] = SITE.community.routes.map(({ method, path }) => ({
  method,
  path: path.replaceAll(/:(\w+)/g, (_, name: string) => PLACES[name] ?? TOKEN),
}));

export const FORMS = PAGES.filter(({ method }) => method === 'POST');
/** Pages that are a member's or an admin's own. */
export const isPrivate = ({ path }: PageOf) => /^\/(account|admin)(\/|$)/.test(path);
