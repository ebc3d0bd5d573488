import type { Chrome, PageModel } from '../platform/web/pages.ts';
import { accountNavigation } from './account/sections.ts';

/** What stands around a page: its width, the navigation of the account, whom to ask. */
export function pageFrame({ page }: PageModel, chrome: Chrome) {
  return {
    wide: isWide(page),
    account: chrome.signedInAs && accountNavigation(page),
    consoleSection: chrome.operator && consoleSection(page),
    helpEmail: chrome.community?.contactEmail,
  };
}

/** Which part of the operators' console a page is of. */
function consoleSection(page: string): 'home' | 'mails' | 'factors' {
  if (page.startsWith('operator-mail')) return 'mails';
  return page.startsWith('account/') ? 'factors' : 'home';
}

/** Whether a page needs the width of the window; others are a card. */
function isWide(page: string): boolean {
  return /^(api|home|operator-home|operator-mails?)$|^(account|admin)\//.test(page);
}
