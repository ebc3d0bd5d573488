import { issueChallenge } from '../../platform/proof-of-work/challenge.ts';
import { isFromElsewhere } from '../../platform/web/csrf.ts';
import { RequestError } from '../../platform/web/http-errors.ts';
import { type CommunityRoute, route } from '../routing/community-route.ts';
import { anyone } from '../routing/who.ts';

export const CHALLENGE_ROUTES: CommunityRoute[] = [
  route({
    method: 'GET',
    path: '/challenge',
    who: anyone,
    limits: ['challenge'],
    async handle({ parts, request, count }) {
      // A picture on somebody's page, say: whoever looks at that is not to use up their network's.
      if (isFromElsewhere(request.ctx))
        throw new RequestError(403, 'forbidden', 'a challenge asked for by another site');
      if ((await count('challenge')) !== undefined)
        throw new RequestError(429, 'too-many', 'challenges asked for');
      const challenge = await issueChallenge(parts.sealer, request.community.id);
      request.ctx.type = 'json';
      request.ctx.body = JSON.stringify(challenge);
    },
  }),
];
