import { z } from 'zod';
import { lockCommunity } from '../../domain/communities/lock-communities.ts';
import { removeServices } from '../../domain/services/remove-services.ts';
import { rotateClientSecret } from '../../domain/services/rotate-client-secret.ts';
import { saveServices } from '../../domain/services/save-services.ts';
import { slug } from '../../platform/web/form-fields.ts';
import { type ApiParts, type ApiRoute, apiRoute } from '../routing/api-route.ts';
import { inCommunity } from '../routing/callers.ts';
import { cursorsOf, listOf, pageOf, paging } from '../routing/cursor.ts';
import { madeService, newService, service, servicePatch } from './schema.ts';
import { serviceIdOf, showService, showServices } from './show-service.ts';
import { missingSecret, toServiceChange } from './to-change.ts';

const params = z.object({ slug });
const placeOf = ({ sealer, config }: ApiParts, communityId: string) => ({
  communityId,
  sealer,
  hubUrl: config.url.origin,
});

export const SERVICE_ROUTES: ApiRoute[] = [
  apiRoute({
    method: 'GET',
    path: '/v1/services',
    who: inCommunity('services:read'),
    summary: 'List services, by slug',
    query: z.strictObject(paging),
    answer: listOf(service),
    async handle({ parts, who: { community }, query: { limit, cursor } }) {
      const cursors = cursorsOf(parts.sealer, ['services', community.id]);
      const after = cursors.open(cursor);
      const all = await showServices(parts.database, community.id);
      const sorted = all.sort((a, b) => (a.slug < b.slug ? -1 : 1));
      const { items, next } = pageOf(sorted, (one) => one.slug, { after, limit });
      return { value: { items, next: cursors.make(next) } };
    },
  }),
  apiRoute({
    method: 'POST',
    path: '/v1/services',
    who: inCommunity('services:write'),
    summary: 'Register a service',
    description: 'The secret of its client is shown in this answer, and never again.',
    body: newService,
    answer: madeService,
    makes: true,
    async handle({ parts, who: { community, actor }, body, change }) {
      return change(async (tx) => {
        const wanted = await toServiceChange(tx, community.id, body.slug, body);
        const secret = missingSecret(wanted.client);
        const client = wanted.client && { ...wanted.client, ...(secret && { secret }) };
        const made = { ...wanted, client, must: 'be-new' as const };
        await saveServices(tx, placeOf(parts, community.id), [made], actor);
        const state = await showService(tx, community.id, body.slug);
        const value = { ...state, ...(secret && { secret }) };
        return { value, state, location: `/services/${body.slug}` };
      });
    },
  }),
  apiRoute({
    method: 'GET',
    path: '/v1/services/:slug',
    params,
    who: inCommunity('services:read'),
    summary: 'Show a service',
    answer: service,
    handle: async ({ parts, who: { community }, params: { slug } }) => ({
      value: await showService(parts.database, community.id, slug),
    }),
  }),
  apiRoute({
    method: 'PATCH',
    path: '/v1/services/:slug',
    params,
    who: inCommunity('services:write'),
    summary: 'Change a service',
    description: 'Whom its access rule lets in no longer is signed out there, and the app is told.',
    body: servicePatch,
    answer: service,
    isConditional: true,
    async handle({
      parts,
      who: { community, actor },
      params: { slug },
      body,
      change,
      requireMatch,
    }) {
      return change(async (tx) => {
        await lockCommunity(tx, community.id);
        requireMatch(await showService(tx, community.id, slug));
        const wanted = await toServiceChange(tx, community.id, slug, body);
        const changed = { ...wanted, must: 'exist' as const };
        await saveServices(tx, placeOf(parts, community.id), [changed], actor);
        return { value: await showService(tx, community.id, slug) };
      });
    },
  }),
  apiRoute({
    method: 'DELETE',
    path: '/v1/services/:slug',
    params,
    who: inCommunity('services:write'),
    summary: 'Take a service away',
    description: 'With all that members have there: sessions, accounts, app passwords.',
    isConditional: true,
    async handle({ who: { community, actor }, params: { slug }, change, requireMatch }) {
      await change(async (tx) => {
        await lockCommunity(tx, community.id);
        requireMatch(await showService(tx, community.id, slug));
        const id = await serviceIdOf(tx, community.id, slug);
        await removeServices(tx, community.id, [id], actor);
        return { value: null };
      });
      return undefined;
    },
  }),
  apiRoute({
    method: 'POST',
    path: '/v1/services/:slug/rotate-secret',
    params,
    who: inCommunity('services:write'),
    summary: 'Give the client of a service a new secret',
    description: 'It is shown in this answer, and never again; the old one ceases to work at once.',
    answer: z.object({ secret: z.string() }),
    async handle({ parts, who: { community, actor }, params: { slug }, change }) {
      return change(async (tx) => {
        const id = await serviceIdOf(tx, community.id, slug);
        const secret = await rotateClientSecret(tx, parts.sealer, community.id, id, actor);
        return { value: { secret }, state: {} };
      });
    },
  }),
];
