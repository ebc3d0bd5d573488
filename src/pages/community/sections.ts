import type { NavItem, SideNavigation } from '../components/side-navigation.ts';
import type { AdminFrame } from './pages.ts';

/** The pages of a community's console; each is `ISSUER/admin/SECTION`. */
const SECTIONS = [
  { section: 'requests', text: 'admin.requests', icon: 'inbox' },
  { section: 'members', text: 'admin.members', icon: 'users' },
  { section: 'invitations', text: 'admin.invitations', icon: 'user-plus' },
  { section: 'recoveries', text: 'recoveries.nav', icon: 'life-buoy' },
  { section: 'journal', text: 'admin.journal', icon: 'history' },
] as const;

/** Pages that belong to another's place in the navigation. */
const WITHIN: Record<string, string> = {
  invitation: 'invitations',
  member: 'members',
  'members-several': 'members',
  'member-let-go': 'members',
};

/**
 * The navigation of the console.
 * @param page the page's name, such as `admin/invitations`
 */
export function consoleNavigation(page: string, frame: AdminFrame): SideNavigation {
  const name = page.slice('admin/'.length);
  const current = WITHIN[name] ?? name;
  const waiting: Record<string, number> = { requests: frame.requestsWaiting };
  const items: NavItem[] = SECTIONS.map(({ section, text, icon }) => ({
    href: `${frame.base}/${section}`,
    text,
    icon,
    isCurrent: section === current,
    count: waiting[section],
  }));
  const home = {
    href: frame.base,
    text: 'admin.overview',
    icon: 'list-checks',
    isCurrent: current === 'overview',
  };
  return {
    name: 'admin.nav',
    menu: 'admin.menu',
    isConsole: true,
    groups: [{ items: [home, ...items] }],
  };
}
