import type { SideNavigation } from '../components/side-navigation.ts';

/** The pages of the account, as its navigation groups them; each is `ISSUER/account/SECTION`. */
const GROUPS = [
  {
    name: 'me',
    sections: [
      ['profile', 'user'],
      ['emails', 'at-sign'],
      ['language', 'languages'],
    ],
  },
  {
    name: 'access',
    sections: [
      ['password', 'key-round'],
      ['passkeys', 'fingerprint'],
      ['two-factors', 'shield-check'],
      ['app-passwords', 'plug'],
      ['sessions', 'screen'],
    ],
  },
  {
    name: 'data',
    sections: [
      ['services', 'default'],
      ['activity', 'history'],
      ['export', 'download'],
      ['leave', 'door-open'],
      ['delete', 'trash-2'],
    ],
  },
] as const;

/** Pages that belong to another's place in the navigation. */
const WITHIN: Record<string, string> = {
  totp: 'two-factors',
  'recovery-codes': 'two-factors',
  'recovery-codes-made': 'two-factors',
  'app-password-made': 'app-passwords',
  'export-summary': 'export',
  join: 'overview',
  'join-closed': 'overview',
};

/**
 * The navigation beside a page of the account.
 * @param page the page's name, such as `account/profile`
 * @param accountUrl where the account is
 */
export function accountNavigation(page: string, accountUrl: string): SideNavigation {
  const name = page.slice('account/'.length);
  const current = WITHIN[name] ?? name;
  return {
    name: 'account.nav',
    menu: 'account.menu',
    isConsole: false,
    groups: [
      {
        items: [
          {
            href: accountUrl,
            text: 'account.overview',
            icon: 'house',
            isCurrent: current === 'overview',
          },
        ],
      },
      ...GROUPS.map((group) => ({
        name: `account.group.${group.name}`,
        items: group.sections.map(([section, icon]) => ({
          href: `${accountUrl}/${section}`,
          text: `account.section.${section}`,
          icon,
          isCurrent: section === current,
        })),
      })),
    ],
  };
}
