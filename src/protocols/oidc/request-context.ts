import type { Community } from '../../domain/communities/community.ts';
import type { Issuer } from '../../domain/communities/issuer.ts';
import type { PageModel } from '../../platform/web/pages.ts';

/** What the provider's callbacks need to know of the web request they run in. */
export type RequestContext = {
  community: Community;
  issuer: Issuer;
  /** Renders a page of the community in the visitor's language, knowing the app's wish of languages. */
  render(page: PageModel, uiLocales?: string): string;
  /** Content-Security-Policy for pages whose form leads to an app's address in the end. */
  allowFormsToLeave(): void;
};
