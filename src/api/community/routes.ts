import { z } from 'zod';
import { COMMUNITY_SCOPES, HUB_SCOPES } from '../../domain/api-tokens/api-token.ts';
import { lockCommunity, lockHubNames } from '../../domain/communities/lock-communities.ts';
import { saveCommunities } from '../../domain/communities/save-communities.ts';
import { RefusedError } from '../../domain/errors.ts';
import { OWNERS_SETTINGS } from '../../domain/memberships/policy.ts';
import { type ApiRoute, apiRoute } from '../routing/api-route.ts';
import { anyToken, inCommunity } from '../routing/callers.ts';
import { community, settingsPatch } from './schema.ts';
import { NAMES, showCommunity, toSettings } from './settings.ts';

const token = z.object({
  id: z.uuid(),
  scopes: z.array(z.enum([...COMMUNITY_SCOPES, ...HUB_SCOPES])),
  community: z
    .string()
    .nullable()
    .meta({ description: 'the slug of the community whose token it is; null: the hub’s' }),
});

export const COMMUNITY_ROUTES: ApiRoute[] = [
  apiRoute({
    method: 'GET',
    path: '/v1/token',
    who: anyToken,
    summary: 'Show what the token opens',
    answer: token,
    handle: async ({ who: { tokenId, bearer } }) => ({
      value: {
        id: tokenId,
        scopes: [...bearer.scopes],
        community: bearer.community?.slug ?? null,
      },
    }),
  }),
  apiRoute({
    method: 'GET',
    path: '/v1/community',
    who: inCommunity('settings:read'),
    summary: 'Show the community and its settings',
    answer: community,
    handle: async ({ parts, who }) => ({
      value: await showCommunity(parts.database, who.community.id),
    }),
  }),
  apiRoute({
    method: 'PATCH',
    path: '/v1/community',
    who: inCommunity('settings:write'),
    summary: 'Change settings of the community',
    body: settingsPatch,
    answer: community,
    isConditional: true,
    names: NAMES,
    async handle({ parts, who, body, change, requireMatch }) {
      const { id, slug } = who.community;
      const settings = toSettings(body);
      if (
        who.voucher?.role === 'admin' &&
        OWNERS_SETTINGS.some((key) => settings[key] !== undefined)
      )
        throw new RefusedError('role', 'policies are for a token of an owner to change');
      return change(async (tx) => {
        await lockHubNames(tx);
        await lockCommunity(tx, id);
        requireMatch(await showCommunity(tx, id));
        const wanted = { ...settings, slug, must: 'exist' as const };
        await saveCommunities(tx, [wanted], who.actor, parts.config.url.origin);
        return { value: await showCommunity(tx, id) };
      });
    },
  }),
];
