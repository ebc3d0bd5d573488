import type { Chrome, PageModel } from '../platform/web/pages.ts';
import { accountNavigation } from './account/sections.ts';
import { consoleNavigation } from './community/sections.ts';
import type { SideNavigation } from './components/side-navigation.ts';
import { operatorNavigation } from './operator/sections.ts';

/** Pages that need the window, beside those with a navigation. */
const WIDE = ['api', 'components', 'home', 'front', 'hub-home'];

/** What stands around a page: its width, the navigation beside it, whom to ask. */
export function pageFrame(page: PageModel, chrome: Chrome) {
  const side = sideNavigation(page, chrome);
  return {
    wide: side !== undefined || WIDE.includes(page.page),
    side,
    helpEmail: chrome.community?.contactEmail,
  };
}

function sideNavigation(page: PageModel, chrome: Chrome): SideNavigation | undefined {
  if (chrome.operator) return operatorNavigation(page.page);
  if ('frame' in page) return consoleNavigation(page.page, page.frame);
  if (chrome.signedInAs && page.page.startsWith('account/'))
    return accountNavigation(page.page, chrome.signedInAs.accountUrl);
  return undefined;
}
