import { z } from 'zod';
import { readCommunities } from '../../domain/communities/community-rows.ts';
import { findCommunityBySlug } from '../../domain/communities/list-communities.ts';
import { lockCommunity, lockHubNames } from '../../domain/communities/lock-communities.ts';
import { saveCommunities } from '../../domain/communities/save-communities.ts';
import { tellSettings } from '../../domain/communities/tell-settings.ts';
import { NotFoundError } from '../../domain/errors.ts';
import type { Queryable } from '../../platform/database/database.ts';
import { slug } from '../../platform/web/form-fields.ts';
import { community, communityPatch, newCommunity } from '../community/schema.ts';
import { NAMES, showCommunity, toSettings } from '../community/settings.ts';
import { type ApiRoute, apiRoute } from '../routing/api-route.ts';
import { atHub } from '../routing/callers.ts';
import { cursorsOf, listOf, pageOf, paging } from '../routing/cursor.ts';

const params = z.object({ slug });

export const COMMUNITIES_ROUTES: ApiRoute[] = [
  apiRoute({
    method: 'GET',
    path: '/v1/communities',
    who: atHub('communities:read'),
    summary: 'List the communities of the hub, by slug',
    query: z.strictObject(paging),
    answer: listOf(community),
    async handle({ parts, query: { limit, cursor } }) {
      const cursors = cursorsOf(parts.sealer, ['communities']);
      const after = cursors.open(cursor);
      const rows = (await readCommunities(parts.database)).sort((a, b) =>
        a.slug < b.slug ? -1 : 1,
      );
      const { items, next } = pageOf(rows, (row) => row.slug, { after, limit });
      return { value: { items: items.map(tellSettings), next: cursors.make(next) } };
    },
  }),
  apiRoute({
    method: 'POST',
    path: '/v1/communities',
    who: atHub('communities:write'),
    summary: 'Make a community',
    description: 'It has no members yet: invite its first owner by `trousseau invitation create`.',
    body: newCommunity,
    answer: community,
    makes: true,
    names: NAMES,
    async handle({ parts, who, body, change }) {
      return change(async (tx) => {
        const wanted = { ...toSettings(body), slug: body.slug, must: 'be-new' as const };
        const [made] = await saveCommunities(tx, [wanted], who.actor, parts.config.url.origin);
        const value = await showCommunity(tx, made?.after.id as string);
        return { value, location: `/communities/${value.slug}` };
      });
    },
  }),
  apiRoute({
    method: 'GET',
    path: '/v1/communities/:slug',
    params,
    who: atHub('communities:read'),
    summary: 'Show a community of the hub',
    answer: community,
    handle: async ({ parts, params: { slug } }) => ({
      value: await showCommunity(parts.database, await idOf(parts.database, slug)),
    }),
  }),
  apiRoute({
    method: 'PATCH',
    path: '/v1/communities/:slug',
    params,
    who: atHub('communities:write'),
    summary: 'Change a community of the hub, or its state',
    description:
      '`frozen`: nobody gets into a service, and sessions wait. `archived`: all sessions end.',
    body: communityPatch,
    answer: community,
    isConditional: true,
    names: NAMES,
    async handle({ parts, who, params: { slug }, body, change, requireMatch }) {
      return change(async (tx) => {
        const id = await idOf(tx, slug);
        await lockHubNames(tx);
        await lockCommunity(tx, id);
        requireMatch(await showCommunity(tx, id));
        const wanted = { ...toSettings(body), slug, must: 'exist' as const };
        await saveCommunities(tx, [wanted], who.actor, parts.config.url.origin);
        return { value: await showCommunity(tx, id) };
      });
    },
  }),
];

async function idOf(db: Queryable, slug: string): Promise<string> {
  const found = await findCommunityBySlug(db, slug);
  if (found === undefined) throw new NotFoundError('community');
  return found.id;
}
