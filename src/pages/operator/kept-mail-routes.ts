import { z } from 'zod';
import { doStepOnce } from '../../domain/done-steps/done-step.ts';
import { listKeptMails, readKeptMail } from '../../domain/notices/kept-mail-store.ts';
import type { SignedInOperator } from '../../domain/operators/operator-session.ts';
import type { Transaction } from '../../platform/database/database.ts';
import { recordEvents, type Told } from '../../platform/events/record-event.ts';
import { datesFor } from '../../platform/i18n/dates.ts';
import { noFields } from '../../platform/web/form-fields.ts';
import { notFound } from '../../platform/web/http-errors.ts';
import { localeOf } from '../routing/chrome.ts';
import { type HubRequest, type HubRoute, hubRoute } from '../routing/hub-request.ts';
import { hubFormIn } from '../routing/operator-done-steps.ts';
import { operator } from '../routing/operator-guard.ts';
import type { WebParts } from '../routing/web-parts.ts';
import { cutLinks } from './cut-links.ts';
import type { OperatorPage } from './pages.ts';

type Shown = Extract<OperatorPage, { page: 'operator-mail' }>;
const one = z.object({ mail: z.string().regex(/^\d{1,18}$/) });

export const KEPT_MAIL_ROUTES: HubRoute[] = [
  // The messages that no mail server could take.
  hubRoute({
    method: 'GET',
    path: '/operator/mails',
    who: operator,
    async handle({ parts, request, who }) {
      const mails = await listKeptMails(parts.database);
      request.page(
        {
          page: 'operator-mails',
          hasServer: parts.config.mail.server !== undefined,
          mails: mails.map(({ createdAt, ...mail }) => ({
            ...mail,
            at: timeOf(request, createdAt),
            url: `/operator/mails/${mail.id}`,
          })),
        },
        { operator: who },
      );
    },
  }),
  // One of them, as its text: nothing of a message runs or loads in the console, and what opens something
  // is taken out.
  hubRoute({
    method: 'GET',
    path: '/operator/mails/:mail',
    params: one,
    who: operator,
    async handle({ parts, request, who, params: { mail: id } }) {
      const mail = await keptMail(parts, id);
      const cut = await cutLinks(parts.database, mail);
      const open = cut.find(({ kept }) => kept === 'open');
      const told = { type: 'kept-mail.read' as const, details: { mail: id } };
      await parts.database.transaction((tx) => tellOf(tx, mail, told, who, open?.subject));
      const show = { action: `/operator/mails/${id}`, csrf: request.csrf() };
      showMail(
        request,
        who,
        mail,
        cut.map(({ text, url, kept }) => (kept === undefined ? { text, url } : { state: kept })),
        open === undefined ? undefined : show,
      );
    },
  }),
  // The same with its link, which may open an account: the community's trail tells who asked for it.
  hubRoute({
    method: 'POST',
    path: '/operator/mails/:mail',
    params: one,
    who: operator,
    form: noFields,
    async handle({ parts, request, who, params: { mail: id } }) {
      const mail = await keptMail(parts, id);
      const cut = await cutLinks(parts.database, mail);
      const open = cut.find(({ kept }) => kept === 'open');
      if (open?.kind !== undefined) {
        const details = { mail: id, link: open.kind };
        const told = { type: 'kept-mail.link-shown' as const, details };
        const step = hubFormIn(request, who.id);
        await doStepOnce(parts, step, async (tx) => {
          await tellOf(tx, mail, told, who, open.subject);
          return { subject: who.id };
        });
      }
      showMail(
        request,
        who,
        mail,
        cut.map(({ text, url, kept }) => (kept === 'over' ? { state: kept } : { text, url })),
        undefined,
      );
    },
  }),
];

type Mail = NonNullable<Awaited<ReturnType<typeof readKeptMail>>>;

async function keptMail({ database, sealer }: WebParts, id: string): Promise<Mail> {
  const mail = await readKeptMail(database, sealer, id);
  if (mail === undefined) throw notFound('mail');
  return mail;
}

/** In the trail of the community whose message it is, and of the member whom its link is about. */
function tellOf(
  tx: Transaction,
  { communityId }: Mail,
  told: Told,
  who: SignedInOperator,
  subject?: string,
) {
  const where = communityId === null ? {} : { communityId, ...(subject && { subject }) };
  return recordEvents(tx, [{ ...where, ...told, actor: `operator:${who.id}` }]);
}

function showMail(
  request: HubRequest,
  who: SignedInOperator,
  { community, recipient, subject, createdAt }: Mail,
  parts: Shown['parts'],
  show: Shown['show'],
): void {
  const mail = { community, recipient, subject, at: timeOf(request, createdAt) };
  const page: Shown = { page: 'operator-mail', mail, parts, show, backUrl: '/operator/mails' };
  request.page(page, { operator: who, returnTo: request.ctx.path });
}

function timeOf({ ctx }: HubRequest, date: Date): string {
  return datesFor(localeOf(ctx, 'fr')).shortMoment(date);
}
