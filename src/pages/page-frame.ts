import type { Chrome, PageModel } from '../platform/web/pages.ts';
import { accountNavigation } from './account/sections.ts';

/** What stands around a page: its width, the navigation of the account, whom to ask. */
export function pageFrame({ page }: PageModel, chrome: Chrome) {
  return {
    wide: isWide(page),
    account: chrome.signedInAs && accountNavigation(page),
    helpEmail: chrome.community?.contactEmail,
  };
}

/** Whether a page needs the width of the window; others are a card. */
function isWide(page: string): boolean {
  return /^(home|operator-home|operator-mails)$|^(account|admin)\//.test(page);
}
