import { z } from 'zod';
import { hostIssuer, hubIssuer } from '../../domain/communities/issuer.ts';
import { findInvitation } from '../../domain/invitations/invitation-store.ts';
import { findWay, joinDetails } from '../../domain/joining/join-link.ts';
import { mintLink } from '../../domain/links/link-store.ts';
import { slug, wholeToken } from '../../platform/web/form-fields.ts';
import { notFound, RequestError } from '../../platform/web/http-errors.ts';
import { route } from '../routing/community-route.ts';
import { hubRoute } from '../routing/hub-request.ts';
import { anyone } from '../routing/who.ts';
import { closedPage } from './closed-page.ts';

const LINK_HOURS = 1;

/** POST ISSUER/join: from the page of registration or of an invitation, on to the hub. */
export const START_JOIN = route({
  method: 'POST',
  path: '/join',
  who: anyone,
  form: z.object({ invitation: z.string().optional() }),
  limits: ['link', 'invitation'],
  async handle({ parts, request, form: { invitation }, count }) {
    const { community, issuer } = request;
    if (invitation !== undefined) {
      const found = await findInvitation(parts.database, community.id, invitation);
      if (found?.state !== 'open') throw notFound('invitation');
    } else if (community.registration !== 'open' && community.registration !== 'approval') {
      request.page(closedPage(request), { status: 403 });
      return;
    }
    const wait = await count(invitation === undefined ? 'link' : 'invitation');
    if (wait !== undefined) throw new RequestError(429, 'too-many', 'too many requests');
    const token = await mintLink(parts.database, community.id, {
      kind: 'join',
      details: joinDetails(parts.sealer, community.id, { invitation, issuerUrl: issuer.url }),
      hours: LINK_HOURS,
    });
    request.ctx.status = 303;
    request.ctx.redirect(`${parts.config.url.origin}/join/${community.slug}/${token}`);
  },
});

/** GET HUB/join/SLUG/TOKEN: in which community does the visitor have an account? */
export const JOIN_AT_HUB = hubRoute({
  method: 'GET',
  path: '/join/:slug/:token',
  params: z.object({ slug, token: wholeToken }),
  secret: ['token'],
  who: anyone,
  async handle({ parts, request, params: { slug, token } }) {
    const community = await parts.communities.get({ slug });
    const way = community && (await findWay(parts, community, token));
    if (community === undefined || way === undefined || typeof way === 'string') {
      request.page({ page: 'join-expired', homeUrl: '/' }, { status: 410 });
      return;
    }
    // Each at the address that its members know, where their passkeys are.
    const rows = await parts.database.query<{ slug: string; name: string; host: string | null }>(
      `SELECT c.slug, c.name, (SELECT h.host FROM community_hosts h
         WHERE h.community_id = c.id ORDER BY h.position, h.host LIMIT 1) AS host
       FROM communities c WHERE c.state = 'active' AND c.id <> $1 ORDER BY c.name, c.id LIMIT 200`,
      [community.id],
    );
    request.page({
      page: 'join',
      community: community.name,
      communities: rows.map(({ slug: own, name, host }) => {
        const base =
          host === null ? hubIssuer(parts.config.url, own).basePath : hostIssuer(host).url;
        return { name, url: `${base}/account/join/${slug}/${token}` };
      }),
      backUrl: way.issuerUrl,
    });
  },
});
