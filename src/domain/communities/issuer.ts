import type { Community } from './community.ts';

/** One issuer of a community: its path on the hub, or a host of its own. */
export type Issuer = {
  /** The issuer identifier (OpenID Connect Core §1.2): no trailing slash. */
  url: string;
  /** What stands before every path: `/c/SLUG`, or nothing on an own host. */
  basePath: string;
  /** Of its pages (RFC 6454 §6.2): without the port that browsers leave out. */
  origin: string;
};

/** A community at the issuer by which somebody came: links in messages lead back there. */
export type CommunityAt = { community: Community; issuer: Issuer };

export function hubIssuer(hubUrl: URL, slug: string): Issuer {
  const { origin } = hubUrl;
  return { url: `${origin}/c/${slug}`, basePath: `/c/${slug}`, origin };
}

export function hostIssuer(host: string): Issuer {
  return { url: `https://${host}`, basePath: '', origin: `https://${host.replace(/:443$/, '')}` };
}
