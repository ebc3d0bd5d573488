import { z } from 'zod';
import { doStepOnce } from '../../domain/done-steps/done-step.ts';
import { createInvitation } from '../../domain/invitations/create-invitation.ts';
import { findInvitationById, listInvitations } from '../../domain/invitations/invitation-store.ts';
import { InvitationMailsError } from '../../domain/invitations/mail-limits.ts';
import { revokeInvitation } from '../../domain/invitations/revoke-invitation.ts';
import { sendInvitations } from '../../domain/invitations/send-invitations.ts';
import { mayInviteAs } from '../../domain/memberships/policy.ts';
import type { Transaction } from '../../platform/database/database.ts';
import { uuid } from '../../platform/text/uuid-schema.ts';
import { noFields, oneOf } from '../../platform/web/form-fields.ts';
import { notFound } from '../../platform/web/http-errors.ts';
import { timesFor } from '../components/times.ts';
import { localeOf } from '../routing/chrome.ts';
import type { CommunityRequest } from '../routing/community-request.ts';
import { type CommunityRoute, route } from '../routing/community-route.ts';
import { formIn, leadOn } from '../routing/done-steps.ts';
import type { SignedIn } from '../routing/signed-in.ts';
import type { WebParts } from '../routing/web-parts.ts';
import { adminRecent } from '../routing/who.ts';
import { adminFrame } from './admin-frame.ts';
import {
  EMPTY_INVITATION,
  type InvitationForm,
  invitationFaults,
  invitationFields,
  readInvitationForm,
  showInvitationForm,
} from './invitation-form.ts';
import { describeInvitation, linkOf } from './invitation-view.ts';
import type { AdminPage } from './pages.ts';

type ListPage = Extract<AdminPage, { page: 'admin/invitations' }>;

/** Making, showing, sending and ending invitations. */
export const ADMIN_INVITATIONS_ROUTES: CommunityRoute[] = [
  route({
    method: 'GET',
    path: '/admin/invitations',
    who: adminRecent,
    query: z.object({ notice: oneOf('sent', 'revoked') }),
    async handle({ parts, request, who, query: { notice } }) {
      const page = await listPage(parts, request, who, EMPTY_INVITATION);
      request.page({ ...page, notice }, { member: who.member });
    },
  }),
  route({
    method: 'POST',
    path: '/admin/invitations',
    who: adminRecent,
    form: invitationFields,
    async handle({ parts, request, who, form: fields }) {
      const form = readInvitationForm(fields);
      const faults = invitationFaults(form, who.member.role);
      if (faults.length > 0) {
        const page = await listPage(parts, request, who, form);
        request.page({ ...page, faults }, { status: 400, member: who.member });
        return;
      }
      const { subject } = who.member;
      const step = formIn(request, JSON.stringify([subject, form]));
      try {
        const answer = await doStepOnce(parts, step, async (tx) => {
          const ledTo = request.issuer.basePath + (await invite(tx, parts, request, who, form));
          return { subject, ledTo };
        });
        await leadOn(request, answer);
      } catch (error) {
        if (!(error instanceof InvitationMailsError)) throw error;
        // What was typed stays in the form.
        const page = await listPage(parts, request, who, form);
        const { possibleAt, left } = error;
        const seconds = Math.max(1, Math.ceil((possibleAt.getTime() - Date.now()) / 1000));
        request.ctx.set('Retry-After', String(seconds));
        const wait = { from: timesFor(request, who.member).moment(possibleAt), left };
        request.page({ ...page, wait }, { status: 429, member: who.member });
      }
    },
  }),
  route({
    method: 'GET',
    path: '/admin/invitations/:id',
    params: z.object({ id: uuid }),
    who: adminRecent,
    query: z.object({ notice: oneOf('created') }),
    async handle({ parts, request, who, params: { id }, query: { notice } }) {
      const invitation = await findInvitationById(parts.database, request.community.id, id);
      if (invitation === undefined) throw notFound('invitation');
      // Whoever knows the link becomes what it gives.
      const mayHandOut =
        invitation.state === 'open' && mayInviteAs(who.member.role, invitation.role);
      request.page(
        {
          page: 'admin/invitation',
          frame: await adminFrame(parts, request),
          action: `${request.issuer.basePath}/admin/invitations/${id}`,
          csrf: request.csrf(),
          invitation: describeInvitation(request, invitation, timesFor(request, who.member).day),
          link: mayHandOut ? await linkOf(parts, request, id) : undefined,
          backUrl: `${request.issuer.basePath}/admin/invitations`,
          notice,
        },
        { member: who.member },
      );
    },
  }),
  route({
    method: 'POST',
    path: '/admin/invitations/:id',
    params: z.object({ id: uuid }),
    who: adminRecent,
    form: noFields,
    async handle({ parts, request, who, params: { id } }) {
      const { id: communityId } = request.community;
      const invitation = await findInvitationById(parts.database, communityId, id);
      if (invitation === undefined) throw notFound('invitation');
      await parts.database.transaction((tx) => revokeInvitation(tx, communityId, id, who.member));
      request.redirect('/admin/invitations?notice=revoked');
    },
  }),
];

/** Makes one link, or sends one to each address. @returns where to go on */
async function invite(
  tx: Transaction,
  parts: WebParts,
  { community, issuer, ctx }: CommunityRequest,
  { member }: SignedIn,
  form: InvitationForm,
): Promise<string> {
  const { label, role, days, addresses } = form;
  const groupIds = form.groupIds.filter((id) => community.groups.has(id));
  const invitation = { label, role, groupIds, days };
  const by = { subject: member.subject, role: member.role };
  if (addresses.length === 0) {
    const maxUses = form.uses === 'one' ? 1 : form.maxUses;
    const wanted = { ...invitation, maxUses };
    const { id } = await createInvitation(tx, parts.sealer, community.id, wanted, by);
    return `/admin/invitations/${id}?notice=created`;
  }
  await sendInvitations(tx, parts.sealer, {
    community: { id: community.id, issuerUrl: issuer.url },
    invitation,
    addresses,
    by: { ...by, displayName: member.displayName },
    locale: localeOf(ctx, community.locale),
  });
  return '/admin/invitations?notice=sent';
}

async function listPage(
  parts: WebParts,
  request: CommunityRequest,
  who: SignedIn,
  form: InvitationForm,
): Promise<ListPage> {
  const { community, issuer } = request;
  const invitations = await listInvitations(parts.database, community.id);
  const { day } = timesFor(request, who.member);
  return {
    page: 'admin/invitations',
    frame: await adminFrame(parts, request),
    action: `${issuer.basePath}/admin/invitations`,
    csrf: request.csrf(),
    ...showInvitationForm(form, community, who.member.role),
    faults: [],
    invitations: invitations.map((each) => describeInvitation(request, each, day)),
  };
}
