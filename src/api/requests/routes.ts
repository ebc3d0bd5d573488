import { z } from 'zod';
import { communityAddress } from '../../domain/communities/community-address.ts';
import { RefusedError } from '../../domain/errors.ts';
import { listRequests } from '../../domain/registration/answer-store.ts';
import { decideRequest, REASON_MAX } from '../../domain/registration/decide-request.ts';
import { answerAccessRequest } from '../../domain/services/decide-access.ts';
import { listAccessRequests } from '../../domain/services/service-store.ts';
import { uuid } from '../../platform/text/uuid-schema.ts';
import { slug } from '../../platform/web/form-fields.ts';
import { type ApiRoute, apiRoute } from '../routing/api-route.ts';
import { inCommunity } from '../routing/callers.ts';
import { LIST_LIMIT } from '../routing/cursor.ts';
import { moment, told } from '../routing/fields.ts';
import { serviceIdOf } from '../services/show-service.ts';

const decision = z.enum(['admit', 'refuse']);
const whoAsks = {
  subject: z.uuid(),
  username: z.string(),
  name: z.string(),
  requestedAt: moment,
};
const joinRequest = z.object({
  ...whoAsks,
  email: z.string().nullable(),
  answers: z.array(z.object({ question: z.string(), answer: z.string() })),
});
const accessRequest = z.object({ ...whoAsks, service: z.string() });
const query = z.strictObject({
  limit: z.coerce.number().int().min(1).max(LIST_LIMIT.most).default(LIST_LIMIT.usual),
});

/** Whoever waits for an answer. A list is as long as the work that is left: it begins with who waits longest. */
export const REQUEST_ROUTES: ApiRoute[] = [
  apiRoute({
    method: 'GET',
    path: '/v1/requests/join',
    who: inCommunity('requests:read'),
    summary: 'List who asks to join, the longest waiting first',
    query,
    answer: z.object({ items: z.array(joinRequest) }),
    async handle({ parts, who: { community }, query: { limit } }) {
      const rows = await listRequests(parts.database, community.id, limit);
      const items = rows.map(({ displayName, requestedAt, ...row }) => ({
        ...row,
        name: displayName,
        requestedAt: told(requestedAt),
      }));
      return { value: { items } };
    },
  }),
  apiRoute({
    method: 'POST',
    path: '/v1/requests/join/:subject',
    params: z.object({ subject: uuid }),
    who: inCommunity('requests:write'),
    summary: 'Let somebody in who asked to join, or refuse them',
    description: 'They are told by mail. Of two who decide at once, the first counts.',
    body: z.strictObject({
      decision,
      reason: z.string().max(REASON_MAX).optional().meta({
        description: 'what is written to somebody who is refused; it is kept nowhere',
      }),
    }),
    async handle({ parts, who, params: { subject }, body: { decision, reason }, change }) {
      const { id } = who.community;
      await change(async (tx) => {
        const community = { id, issuerUrl: await communityAddress(tx, parts.config.url, id) };
        const decided = { subject, decision, ...(reason !== undefined && { reason }) };
        if (!(await decideRequest(tx, community, decided, who.actor))) throw decidedBefore();
        return { value: null };
      });
      return undefined;
    },
  }),
  apiRoute({
    method: 'GET',
    path: '/v1/requests/access',
    who: inCommunity('requests:read'),
    summary: 'List who asks to enter a service, the longest waiting first',
    query,
    answer: z.object({ items: z.array(accessRequest) }),
    async handle({ parts, who: { community }, query: { limit } }) {
      const rows = await listAccessRequests(parts.database, community.id);
      const items = rows.slice(0, limit).map((row) => ({
        service: row.service,
        subject: row.subject,
        username: row.username,
        name: row.displayName,
        requestedAt: told(row.requestedAt),
      }));
      return { value: { items } };
    },
  }),
  apiRoute({
    method: 'POST',
    path: '/v1/requests/access/:slug/:subject',
    params: z.object({ slug, subject: uuid }),
    who: inCommunity('requests:write'),
    summary: 'Let a member in to a service that they asked for, or keep them out',
    body: z.strictObject({ decision }),
    async handle({ parts, who, params: { slug, subject }, body: { decision }, change }) {
      const { id } = who.community;
      await change(async (tx) => {
        const serviceId = await serviceIdOf(tx, id, slug);
        const issuerUrl = await communityAddress(tx, parts.config.url, id);
        const how = { admit: decision === 'admit', actor: who.actor };
        if (!(await answerAccessRequest(tx, id, { serviceId, subject, issuerUrl }, how)))
          throw decidedBefore();
        return { value: null };
      });
      return undefined;
    },
  }),
];

function decidedBefore(): RefusedError {
  return new RefusedError('state', 'nobody waits for this answer: somebody else was faster');
}
