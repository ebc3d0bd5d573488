import { listKeptMails, readKeptMail } from '../../domain/notices/kept-mail-store.ts';
import { recordEvents } from '../../platform/events/record-event.ts';
import { datesFor } from '../../platform/i18n/dates.ts';
import { notFound } from '../../platform/web/http-errors.ts';
import { localeOf } from '../routing/chrome.ts';
import type { HubRequest } from '../routing/hub-routes.ts';
import type { WebParts } from '../routing/web-parts.ts';

/** GET /operator/mails: the messages that no mail server could take. */
export async function showKeptMails(parts: WebParts, request: HubRequest): Promise<void> {
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
}

/**
 * GET /operator/mails/ID: one of them, as its text: nothing of a message runs or loads in the console. Its
 * links may open an account, so that the community's trail tells who read it.
 */
export async function showKeptMail(
  parts: WebParts,
  request: HubRequest,
  id: string,
  operatorId: string,
): Promise<void> {
  const mail = await readKeptMail(parts.database, parts.sealer, id);
  if (mail === undefined) throw notFound(`mail ${id}`);
  const { community, communityId, recipient, subject, createdAt, text } = mail;
  await parts.database.transaction((tx) =>
    recordEvents(tx, [
      {
        ...(communityId !== null && { communityId }),
        type: 'kept-mail.read',
        actor: `operator:${operatorId}`,
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
}

function timeOf({ ctx }: HubRequest, date: Date): string {
  return datesFor(localeOf(ctx, 'fr')).shortMoment(date);
}
