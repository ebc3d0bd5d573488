import { z } from 'zod';
import { listKeptMails, readKeptMail } from '../../domain/notices/kept-mail-store.ts';
import { recordEvents } from '../../platform/events/record-event.ts';
import { datesFor } from '../../platform/i18n/dates.ts';
import { notFound } from '../../platform/web/http-errors.ts';
import { localeOf } from '../routing/chrome.ts';
import { type HubRequest, type HubRoute, hubRoute } from '../routing/hub-request.ts';
import { operator } from '../routing/operator-guard.ts';

export const KEPT_MAIL_ROUTES: HubRoute[] = [
  // The messages that no mail server could take.
  hubRoute({
    method: 'GET',
    path: '/operator/mails',
    who: operator,
    async handle({ parts, request }) {
      const mails = await listKeptMails(parts.database);
      request.page({
        page: 'operator-mails',
        hasServer: parts.config.mail.server !== undefined,
        mails: mails.map(({ createdAt, ...mail }) => ({
          ...mail,
          at: timeOf(request, createdAt),
          url: `/operator/mails/${mail.id}`,
        })),
      });
    },
  }),
  // One of them, as its text: nothing of a message runs or loads in the console. Its links may open an
  // account, so that the community's trail tells who read it.
  hubRoute({
    method: 'GET',
    path: '/operator/mails/:id',
    params: z.object({ id: z.string().regex(/^\d{1,18}$/) }),
    who: operator,
    async handle({ parts, request, who, params: { id } }) {
      const mail = await readKeptMail(parts.database, parts.sealer, id);
      if (mail === undefined) throw notFound('mail');
      const { community, communityId, recipient, subject, createdAt, text } = mail;
      await parts.database.transaction((tx) =>
        recordEvents(tx, [
          {
            ...(communityId !== null && { communityId }),
            type: 'kept-mail.read',
            actor: `operator:${who.id}`,
            details: { mail: id },
          },
        ]),
      );
      request.page({
        page: 'operator-mail',
        mail: { community, recipient, subject, at: timeOf(request, createdAt) },
        parts: text
          .split(/(https?:\/\/\S+)/)
          .map((part, index) => (index % 2 === 1 ? { url: part } : { text: part })),
        backUrl: '/operator/mails',
      });
    },
  }),
];

function timeOf({ ctx }: HubRequest, date: Date): string {
  return datesFor(localeOf(ctx, 'fr')).shortMoment(date);
}
