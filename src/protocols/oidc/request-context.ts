import type { Community } from '../../domain/communities/community.ts';
import type { PageModel } from '../../pages/routing/page-models.ts';

/** What the provider's callbacks need to know of the web request they run in. */
export type RequestContext = {
  community: Community;
  issuer: Issuer;
  /** Renders a page of the community in the visitor's language, knowing the app's wish of languages. */
  render(page: PageModel, uiLocales?: string): string;
  /** Content-Security-Policy for pages whose form leads to an app's address in the end. */
  allowFormsToLeave(): void;
};

/** One issuer of a community: its path on the hub, or a host of its own. */
export type Issuer = {
  /** The issuer identifier (OpenID Connect Core §1.2): no trailing slash. */
  url: string;
  /** What stands before every path: `/c/SLUG`, or nothing on an own host. */
  basePath: string;
};

export function hubIssuer(hubUrl: URL, slug: string): Issuer {
  return { url: `${hubUrl.origin}/c/${slug}`, basePath: `/c/${slug}` };
}

export function hostIssuer(host: string): Issuer {
  return { url: `https://${host}`, basePath: '' };
}
