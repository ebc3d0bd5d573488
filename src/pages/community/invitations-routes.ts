import { createInvitation } from '../../domain/invitations/create-invitation.ts';
import { mayInviteAs } from '../../domain/invitations/invitation.ts';
import { findInvitationById, listInvitations } from '../../domain/invitations/invitation-store.ts';
import { revokeInvitation } from '../../domain/invitations/revoke-invitation.ts';
import { sendInvitations } from '../../domain/invitations/send-invitations.ts';
import { notFound, RequestError } from '../../platform/web/http-errors.ts';
import { localeOf } from '../routing/chrome.ts';
import type { CommunityRequest } from '../routing/community-request.ts';
import type { CommunityRoutes } from '../routing/community-route-table.ts';
import type { SignedIn } from '../routing/signed-in.ts';
import type { WebParts } from '../routing/web-parts.ts';
import { adminFrame, dayFor } from './admin-frame.ts';
import {
  type InvitationForm,
  invitationFaults,
  readInvitationForm,
  showInvitationForm,
} from './invitation-form.ts';
import { describeInvitation, linkOf } from './invitation-view.ts';
import type { AdminPage } from './pages.ts';
import { requireAdmin } from './require-admin.ts';
import { UUID } from './uuid.ts';

type ListPage = Extract<AdminPage, { page: 'admin/invitations' }>;

/** Making, showing, sending and ending invitations. */
export const ADMIN_INVITATIONS_ROUTES: CommunityRoutes = [
  ['GET', /^\/admin\/invitations$/, showInvitations],
  ['POST', /^\/admin\/invitations$/, submitInvitation],
  [
    'GET',
    /^\/admin\/invitations\/([\w-]+)$/,
    (parts, request, [id]) => showInvitation(parts, request, id as string),
  ],
  [
    'POST',
    /^\/admin\/invitations\/([\w-]+)$/,
    (parts, request, [id]) => submitRevocation(parts, request, id as string),
  ],
];

async function showInvitations(parts: WebParts, request: CommunityRequest): Promise<void> {
  const who = await requireAdmin(request, { recent: true });
  if (who === undefined) return;
  const notice = (['sent', 'revoked'] as const).find((one) => one === request.ctx.query.notice);
  const page = await listPage(parts, request, who, readInvitationForm({}));
  request.page({ ...page, notice }, { member: who.member });
}

async function submitInvitation(parts: WebParts, request: CommunityRequest): Promise<void> {
  const fields = await request.form();
  const who = await requireAdmin(request, { recent: true });
  if (who === undefined) return;
  const form = readInvitationForm(fields);
  const { community, issuer } = request;
  const { role, subject, displayName } = who.member;
  const faults = invitationFaults(form, role);
  if (faults.length > 0) {
    const page = await listPage(parts, request, who, form);
    request.page({ ...page, faults }, { status: 400, member: who.member });
    return;
  }
  const groupIds = form.groupIds.filter((id) => community.groups.has(id));
  const invitation = { label: form.label, role: form.role, groupIds, days: form.days };
  const by = { subject, role };
  if (form.addresses.length === 0) {
    const maxUses = form.uses === 'one' ? 1 : form.maxUses;
    const { id } = await parts.database.transaction((tx) =>
      createInvitation(tx, parts.sealer, community.id, { ...invitation, maxUses }, by),
    );
    request.redirect(`/admin/invitations/${id}?notice=created`);
    return;
  }
  await parts.database.transaction((tx) =>
    sendInvitations(tx, parts.sealer, {
      community: { id: community.id, issuerUrl: issuer.url },
      invitation,
      addresses: form.addresses,
      by: { ...by, displayName },
      locale: localeOf(request.ctx, community.locale),
    }),
  );
  request.redirect('/admin/invitations?notice=sent');
}

async function showInvitation(
  parts: WebParts,
  request: CommunityRequest,
  id: string,
): Promise<void> {
  const who = await requireAdmin(request, { recent: true });
  if (who === undefined) return;
  const invitation = UUID.test(id)
    ? await findInvitationById(parts.database, request.community.id, id)
    : undefined;
  if (invitation === undefined) throw notFound('invitation');
  // Whoever knows the link becomes what it gives.
  const mayHandOut = invitation.state === 'open' && mayInviteAs(who.member.role, invitation.role);
  request.page(
    {
      page: 'admin/invitation',
      frame: await adminFrame(parts, request),
      action: `${request.issuer.basePath}/admin/invitations/${id}`,
      csrf: request.csrf(),
      invitation: describeInvitation(request, invitation, dayFor(request, who)),
      link: mayHandOut ? await linkOf(parts, request, id) : undefined,
      backUrl: `${request.issuer.basePath}/admin/invitations`,
      notice: request.ctx.query.notice === 'created' ? 'created' : undefined,
    },
    { member: who.member },
  );
}

async function submitRevocation(
  parts: WebParts,
  request: CommunityRequest,
  id: string,
): Promise<void> {
  await request.form();
  const who = await requireAdmin(request, { recent: true });
  if (who === undefined) return;
  const { id: communityId } = request.community;
  const invitation = UUID.test(id)
    ? await findInvitationById(parts.database, communityId, id)
    : undefined;
  if (invitation === undefined) throw notFound('invitation');
  if (!mayInviteAs(who.member.role, invitation.role)) {
    throw new RequestError(403, 'forbidden', 'an invitation that only owners may end');
  }
  await parts.database.transaction((tx) =>
    revokeInvitation(tx, communityId, id, `member:${who.member.subject}`),
  );
  request.redirect('/admin/invitations?notice=revoked');
}

async function listPage(
  parts: WebParts,
  request: CommunityRequest,
  who: SignedIn,
  form: InvitationForm,
): Promise<ListPage> {
  const { community, issuer } = request;
  const invitations = await listInvitations(parts.database, community.id);
  const day = dayFor(request, who);
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
