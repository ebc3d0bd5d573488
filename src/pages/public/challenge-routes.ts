import { issueChallenge } from '../../platform/proof-of-work/challenge.ts';
import type { CommunityRoutes } from '../routing/community-route-table.ts';

export const CHALLENGE_ROUTES: CommunityRoutes = [
  [
    'GET',
    /^\/challenge$/,
    async (parts, request) => {
      const challenge = await issueChallenge(parts.sealer, request.community.id);
      request.ctx.type = 'json';
      request.ctx.body = JSON.stringify(challenge);
    },
  ],
];
