import type { SideNavigation } from '../components/side-navigation.ts';
import type { AdminFrame } from './pages.ts';

type Section = { page: string; path: string; text: string; icon: string };

/** The pages of a community's console, in groups; each stands below `ISSUER/admin`. */
const GROUPS: { name?: string; sections: Section[] }[] = [
  {
    sections: [
      { page: 'overview', path: '', text: 'admin.overview', icon: 'list-checks' },
      { page: 'requests', path: '/requests', text: 'admin.requests', icon: 'inbox' },
      { page: 'members', path: '/members', text: 'admin.members', icon: 'users' },
      { page: 'invitations', path: '/invitations', text: 'admin.invitations', icon: 'user-plus' },
      { page: 'recoveries', path: '/recoveries', text: 'recoveries.nav', icon: 'life-buoy' },
      { page: 'journal', path: '/journal', text: 'admin.journal', icon: 'history' },
    ],
  },
  {
    name: 'admin.settings',
    sections: [
      { page: 'settings', path: '/settings', text: 'admin.identity', icon: 'building-2' },
      { page: 'branding', path: '/settings/branding', text: 'admin.branding', icon: 'palette' },
      { page: 'entry', path: '/settings/entry', text: 'admin.entry', icon: 'door-open' },
    ],
  },
];

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
  return {
    name: 'admin.nav',
    menu: 'admin.menu',
    isConsole: true,
    groups: GROUPS.map(({ sections, ...group }) => ({
      ...group,
      items: sections.map((section) => ({
        href: `${frame.base}${section.path}`,
        text: section.text,
        icon: section.icon,
        isCurrent: section.page === current,
        count: waiting[section.page],
      })),
    })),
  };
}
