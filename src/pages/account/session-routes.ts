import { z } from 'zod';
import { NotFoundError } from '../../domain/errors.ts';
import { staysOpen, toOpenService } from '../../domain/services/stays-open.ts';
import { endOtherSessions, endSession } from '../../domain/sessions/end-sessions.ts';
import { recordEvents } from '../../platform/events/record-event.ts';
import { noFields, oneOf, typed } from '../../platform/web/form-fields.ts';
import { readSessions } from '../components/session-view.ts';
import { type CommunityRoute, route } from '../routing/community-route.ts';
import { changeOrLead, pageIn } from '../routing/done-steps.ts';
import { member } from '../routing/who.ts';

export const SESSION_ROUTES: CommunityRoute[] = [
  route({
    method: 'GET',
    path: '/account/sessions',
    who: member,
    query: z.object({ notice: oneOf('ended', 'others-ended') }),
    async handle({ parts, request, who, query: { notice } }) {
      const sessions = await readSessions(parts, request, { of: who.member.subject, reader: who });
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
