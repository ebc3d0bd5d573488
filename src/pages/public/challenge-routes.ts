import { issueChallenge } from '../../platform/proof-of-work/challenge.ts';
import { type CommunityRoute, route } from '../routing/community-route.ts';
import { anyone } from '../routing/who.ts';

export const CHALLENGE_ROUTES: CommunityRoute[] = [
  route({
    method: 'GET',
    path: '/challenge',
    who: anyone,
    async handle({ parts, request }) {
      const challenge = await issueChallenge(parts.sealer, request.community.id);
      request.ctx.type = 'json';
      request.ctx.body = JSON.stringify(challenge);
    },
  }),
];
