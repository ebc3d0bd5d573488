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
