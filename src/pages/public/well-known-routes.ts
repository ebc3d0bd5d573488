import { PROOF_PATH } from '../../domain/hosts/host-claim.ts';
import { findClaim } from '../../domain/hosts/host-claim-store.ts';
import { notFound } from '../../platform/web/http-errors.ts';
import { type CommunityRoute, route } from '../routing/community-route.ts';
import { type HubRoute, hubRoute } from '../routing/hub-request.ts';
import { anyone } from '../routing/who.ts';

/**
 * Where password managers lead people: a well-known URL for changing passwords (W3C), and the endpoints of
 * passkeys (W3C, Passkey Endpoints). They are a host's: below a path they say nothing.
 */
export const COMMUNITY_WELL_KNOWN: CommunityRoute[] = [
  route({
    method: 'GET',
    path: '/.well-known/change-password',
    who: anyone,
    handle({ request }) {
      if (request.issuer.basePath !== '') throw notFound('no such address');
      request.redirect('/account/password');
    },
  }),
  route({
    method: 'GET',
    path: '/.well-known/passkey-endpoints',
    who: anyone,
    handle({ request: { ctx, issuer } }) {
      if (issuer.basePath !== '') throw notFound('no such address');
      const url = `${issuer.url}/account/passkeys`;
      ctx.type = 'application/json';
      ctx.set('Cache-Control', 'public, max-age=300');
      ctx.body = { enroll: url, manage: url };
    },
  }),
];

/**
 * What shows that a host is the community's, served at the host once it is proven: then the record in the DNS may go,
 * and looking again finds that the host leads here.
 */
export const HOST_PROOF: CommunityRoute = route({
  method: 'GET',
  path: PROOF_PATH,
  who: anyone,
  async handle({ parts, request: { ctx, issuer, community } }) {
    const host = new URL(issuer.url).hostname;
    const claim = issuer.basePath === '' && (await findClaim(parts.database, community.id, host));
    if (!claim || claim.proof === null) throw notFound('no such address');
    ctx.type = 'text/plain';
    ctx.set('Cache-Control', 'no-store');
    ctx.body = `${claim.token}\n`;
  },
});

/** The same of the hub's host, whose people choose their community first. */
export const HUB_WELL_KNOWN: HubRoute[] = [
  hubRoute({
    method: 'GET',
    path: '/.well-known/change-password',
    who: anyone,
    handle: ({ request }) => request.redirect('/?to=password'),
  }),
  hubRoute({
    method: 'GET',
    path: '/.well-known/passkey-endpoints',
    who: anyone,
    handle({ request: { ctx, origin } }) {
      const url = `${origin}/?to=passkeys`;
      ctx.type = 'application/json';
      ctx.set('Cache-Control', 'public, max-age=300');
      ctx.body = { enroll: url, manage: url };
    },
  }),
];
