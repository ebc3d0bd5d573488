/** The pages of the account, as its navigation groups them; each is `ISSUER/account/SECTION`. */
export const ACCOUNT_GROUPS = [
  { name: 'me', sections: ['profile', 'emails', 'language'] },
  {
    name: 'access',
    sections: ['password', 'passkeys', 'two-factors', 'app-passwords', 'sessions'],
  },
  { name: 'data', sections: ['services', 'activity', 'export', 'leave', 'delete'] },
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
 * What the navigation beside a page of the account needs to know; undefined for other pages.
 * @param page the page's name, such as `account/profile`
 */
export function accountNavigation(page: string) {
  if (!page.startsWith('account/')) return undefined;
  const name = page.slice('account/'.length);
  const section = WITHIN[name] ?? name;
  return { section, isOverview: section === 'overview', groups: ACCOUNT_GROUPS };
}
