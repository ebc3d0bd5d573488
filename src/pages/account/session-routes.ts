import { z } from 'zod';
import { NotFoundError } from '../../domain/errors.ts';
import { staysOpen, toOpenService } from '../../domain/services/stays-open.ts';
import { describeDevice } from '../../domain/sessions/describe-device.ts';
import { endOtherSessions, endSession } from '../../domain/sessions/end-sessions.ts';
import { listSessions, type OpenSession } from '../../domain/sessions/session-store.ts';
import { recordEvents } from '../../platform/events/record-event.ts';
import { noFields, oneOf, typed } from '../../platform/web/form-fields.ts';
import { serviceOfClient } from '../../protocols/oidc/clients.ts';
import { timesFor } from '../components/times.ts';
import type { CommunityRequest } from '../routing/community-request.ts';
import { type CommunityRoute, route } from '../routing/community-route.ts';
import { changeOrLead, pageIn } from '../routing/done-steps.ts';
import type { SignedIn } from '../routing/signed-in.ts';
import type { WebParts } from '../routing/web-parts.ts';
import { member } from '../routing/who.ts';
import type { SessionView } from './pages.ts';

export const SESSION_ROUTES: CommunityRoute[] = [
  route({
    method: 'GET',
    path: '/account/sessions',
    who: member,
    query: z.object({ notice: oneOf('ended', 'others-ended') }),
    async handle({ parts, request, who, query: { notice } }) {
      const sessions = await readSessions(parts, request, who);
      request.page(
        {
          page: 'account/sessions',
          action: `${request.issuer.basePath}/account/sessions`,
          csrf: request.csrf(),
          sessions,
          open: staysOpen(request.community, who.member, {}).map(toOpenService),
          hasOthers: sessions.some(({ here }) => !here),
          notice,
        },
        { member: who.member },
      );
    },
  }),
  // Signs out there, whichever browser it is.
  route({
    method: 'POST',
    path: '/account/sessions/end',
    who: member,
    form: z.object({ uid: typed }),
    async handle({ parts, request, who, form: { uid } }) {
      const { subject } = who.member;
      const { id: communityId } = request.community;
      const to = uid === who.session.uid ? '/login' : '/account/sessions?notice=ended';
      const step = pageIn(request, `${subject} ${uid}`);
      await changeOrLead(parts, request, { step, subject, to }, async (tx) => {
        if (!(await endSession(tx, communityId, subject, uid))) throw new NotFoundError('session');
        const actor = `member:${subject}` as const;
        await recordEvents(tx, [{ communityId, type: 'session.ended', actor, subject }]);
      });
    },
  }),
  // Signs out everywhere but here.
  route({
    method: 'POST',
    path: '/account/sessions/end-others',
    who: member,
    form: noFields,
    async handle({ parts, request, who }) {
      const { subject } = who.member;
      const { id: communityId } = request.community;
      await parts.database.transaction(async (tx) => {
        const sessions = await endOtherSessions(tx, communityId, subject, who.session.uid);
        // Of two at once, the other ended them.
        if (sessions === 0) return;
        await recordEvents(tx, [
          {
            communityId,
            type: 'session.others-ended',
            actor: `member:${subject}`,
            subject,
            details: { sessions },
          },
        ]);
      });
      await parts.settle();
      request.redirect('/account/sessions?notice=others-ended');
    },
  }),
];

/** The member's open sessions as they read them; the one at hand comes first. */
export async function readSessions(
  { database }: Pick<WebParts, 'database'>,
  request: CommunityRequest,
  { member, session }: SignedIn,
): Promise<SessionView[]> {
  const { community } = request;
  const sessions = await listSessions(database, community.id, member.subject);
  const times = timesFor(request, member);
  const hasAddresses = new Set(sessions.map(({ issuer }) => issuer)).size > 1;
  const describe = (open: OpenSession): SessionView => ({
    uid: open.uid,
    ...describeDevice(open.userAgent),
    here: open.uid === session.uid,
    ip: open.ip ?? undefined,
    host: hasAddresses ? new URL(open.issuer).host : undefined,
    firstSeen: times.moment(open.createdAt),
    lastSeen: times.moment(open.lastSeenAt),
    services: open.clientIds
      .map((clientId) => serviceOfClient(community, clientId)?.name)
      .filter((name) => name !== undefined),
  });
  return sessions.map(describe).sort((a, b) => Number(b.here) - Number(a.here));
}
