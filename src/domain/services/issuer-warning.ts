import type { SavedService } from './service-change.ts';

/** What whoever registers an app should know of its issuer; `code` is for catalogues of messages. */
export type IssuerWarning = { code: 'path-issuer'; issuer: string; reason: string };

/**
 * Of a service that is about to be registered: whether its issuer stays behind when the community moves to another
 * hub. An app keeps its issuer for good (OpenID Connect Core §3.1.3.7); a path of the hub's cannot be served elsewhere.
 * @param issuer the one that new services get (`communityAddress`)
 * @param hubUrl base URL of the hub
 */
export function issuerWarning(issuer: string, hubUrl: string): IssuerWarning | undefined {
  if (new URL(issuer).host !== new URL(hubUrl).host) return undefined;
  const reason =
    'it is a path of this hub, and cannot move with the community: give it a host of its own first ' +
    '(community host add), or its apps have to be told another issuer when it moves';
  return { code: 'path-issuer', issuer, reason };
}

/** The same of services that got a client just now, by their slugs. */
export function pathIssuers(
  saved: readonly SavedService[],
  hubUrl: string,
): (IssuerWarning & { services: string[] }) | undefined {
  const registered = saved.filter(({ before, after }) => !before?.client && after.client !== null);
  const warned = registered.flatMap(({ after: { slug, client } }) => {
    const warning = issuerWarning(client?.issuer as string, hubUrl);
    return warning === undefined ? [] : [{ slug, warning }];
  });
  const [first] = warned;
  return first && { ...first.warning, services: warned.map(({ slug }) => slug) };
}
