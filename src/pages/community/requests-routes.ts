import { z } from 'zod';
import { RefusedError } from '../../domain/errors.ts';
import { listRequests } from '../../domain/registration/answer-store.ts';
import { decideRequest, REASON_MAX } from '../../domain/registration/decide-request.ts';
import { answerAccessRequest } from '../../domain/services/decide-access.ts';
import { listAccessRequests } from '../../domain/services/service-store.ts';
import type { Transaction } from '../../platform/database/database.ts';
import type { Actor } from '../../platform/events/record-event.ts';
import { uuid } from '../../platform/text/uuid-schema.ts';
import { oneOf, typed } from '../../platform/web/form-fields.ts';
import { timesFor } from '../components/times.ts';
import type { CommunityRequest } from '../routing/community-request.ts';
import { type CommunityRoute, route } from '../routing/community-route.ts';
import { changeOrLead, leadSender, pageIn } from '../routing/done-steps.ts';
import type { SignedIn } from '../routing/signed-in.ts';
import type { WebParts } from '../routing/web-parts.ts';
import { adminRecent } from '../routing/who.ts';
import { adminFrame } from './admin-frame.ts';

/** The page whose form it was, where that is not the list of requests. */
const from = oneOf('home');

/** Those who asked to join: what they answered, and the word of an admin. */
export const ADMIN_REQUESTS_ROUTES: CommunityRoute[] = [
  route({
    method: 'GET',
    path: '/admin/requests',
    who: adminRecent,
    query: z.object({ notice: oneOf('admitted', 'refused', 'decided', 'let-in', 'kept-out') }),
    async handle({ parts, request, who, query: { notice } }) {
      const { day } = timesFor(request, who.member);
      const requests = await listRequests(parts.database, request.community.id);
      const access = await listAccessRequests(parts.database, request.community.id);
      request.page(
        {
          page: 'admin/requests',
          frame: await adminFrame(parts, request),
          action: `${request.issuer.basePath}/admin/requests`,
          csrf: request.csrf(),
          requests: requests.map(({ email, requestedAt, ...rest }) => ({
            ...rest,
            email: email ?? undefined,
            requestedOn: day(requestedAt),
          })),
          access: access.map(({ requestedAt, serviceName, ...rest }) => ({
            ...rest,
            service: serviceName,
            requestedOn: day(requestedAt),
          })),
          notice,
        },
        { member: who.member },
      );
    },
  }),
  route({
    method: 'POST',
    path: '/admin/requests',
    who: adminRecent,
    form: z.object({
      decision: z.enum(['admit', 'refuse']),
      subject: uuid,
      reason: typed.transform((text) => text.trim().slice(0, REASON_MAX)),
      from,
    }),
    async handle({ parts, request, who, form }) {
      const community = { id: request.community.id, issuerUrl: request.issuer.url };
      const done = form.decision === 'admit' ? 'admitted' : 'refused';
      await decideOnce(
        parts,
        request,
        who,
        { about: form.subject, done, from: form.from },
        (tx, actor) => decideRequest(tx, community, form, actor),
      );
    },
  }),
  // The answer to a member who asked for a service.
  route({
    method: 'POST',
    path: '/admin/requests/access',
    who: adminRecent,
    form: z.object({ decision: z.enum(['admit', 'refuse']), subject: uuid, service: uuid, from }),
    async handle({ parts, request, who, form: { decision, subject, service, from } }) {
      const admit = decision === 'admit';
      const place = { serviceId: service, subject, issuerUrl: request.issuer.url };
      const about = `${service} ${subject}`;
      const done = admit ? 'let-in' : 'kept-out';
      await decideOnce(parts, request, who, { about, done, from }, (tx, actor) =>
        answerAccessRequest(tx, request.community.id, place, { admit, actor }),
      );
    },
  }),
];

/** To whom decided it is said so as often as they send it, from whichever tab; to another admin, that this one was faster. */
async function decideOnce(
  parts: WebParts,
  request: CommunityRequest,
  { member: { subject } }: SignedIn,
  { about, done, from }: { about: string; done: string; from: 'home' | undefined },
  decide: (tx: Transaction, actor: Actor) => Promise<boolean>,
): Promise<void> {
  const step = pageIn(request, `${subject} ${about} ${done}`);
  const page = from === 'home' ? '/admin' : '/admin/requests';
  const asked = { step, subject, to: `${page}?notice=${done}` };
  const faster = await changeOrLead(parts, request, asked, async (tx) =>
    (await decide(tx, `member:${subject}`)) ? undefined : ('decided' as const),
  ).catch((error) => {
    if (error instanceof RefusedError && error.code === 'state') return 'decided' as const;
    throw error;
  });
  if (faster === undefined || (await leadSender(parts, request, step))) return;
  await parts.settle();
  request.redirect(`${page}?notice=${faster}`);
}
