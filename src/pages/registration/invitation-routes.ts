import { z } from 'zod';
import { noteStep, type Step } from '../../domain/done-steps/done-step.ts';
import type { Invitation, InvitationState } from '../../domain/invitations/invitation.ts';
import { findInvitation } from '../../domain/invitations/invitation-store.ts';
import { recordUse, useInvitation } from '../../domain/invitations/use-invitation.ts';
import { suggestUsername } from '../../domain/memberships/choose-username.ts';
import { shortened } from '../../domain/memberships/display-name.ts';
import { addNewcomer, UsernameFaultError } from '../../domain/registration/add-newcomer.ts';
import { proveAddressOf } from '../../domain/registration/messages.ts';
import type { Newcomer } from '../../domain/registration/newcomer.ts';
import { newcomerPasswordFault } from '../../domain/registration/newcomer-password.ts';
import { nameKey } from '../../platform/text/names.ts';
import { linkToken } from '../../platform/web/form-fields.ts';
import { localeOf } from '../routing/chrome.ts';
import type { CommunityRequest } from '../routing/community-request.ts';
import { type CommunityRoute, route } from '../routing/community-route.ts';
import { pageIn } from '../routing/done-steps.ts';
import { signedIn } from '../routing/signed-in.ts';
import type { WebParts } from '../routing/web-parts.ts';
import { anyone } from '../routing/who.ts';
import { proceedAfterPassword } from '../sign-in/after-password.ts';
import { leadByPassword, signInAfter } from '../sign-in/lead-by-password.ts';
import { allowJoinRedirect } from './allow-join-redirect.ts';
import {
  newcomerFaults,
  newcomerFields,
  passwordFault,
  readAnswers,
  readNewcomer,
  shownAgain,
  usernameFaultOf,
} from './newcomer-form.ts';
import type { FieldFault, NewcomerForm, RegistrationPage } from './pages.ts';

type InvitationPage = Extract<RegistrationPage, { page: 'invitation' }>;

type Made = { newcomer: Newcomer; passwordHash: string; step: Step | undefined };

const link = z.object({ token: linkToken });

/** What an invitation's link opens. It lets people in whatever the community's rule for registration is. */
export const INVITATION_ROUTES: CommunityRoute[] = [
  // Changes nothing: mail scanners open links, too.
  route({
    method: 'GET',
    path: '/invitations/:token',
    params: link,
    secret: ['token'],
    who: anyone,
    async handle({ parts, request, params: { token } }) {
      const opened = await openInvitation(parts, request, token);
      if ('refuse' in opened) return opened.refuse();
      const { invitation } = opened;
      const email = invitation.email ?? '';
      const newcomer = {
        username: suggestUsername(email),
        displayName: '',
        givenName: '',
        familyName: '',
        answers: readAnswers({}, request.community.questions),
      };
      request.page(invitationPage(request, token, invitation, { ...shownAgain(newcomer), email }));
    },
  }),
  route({
    method: 'POST',
    path: '/invitations/:token',
    params: link,
    secret: ['token'],
    who: anyone,
    form: newcomerFields,
    hashes: true,
    limits: ['invitation'],
    async handle({ parts, request, params: { token }, form, count }) {
      const opened = await openInvitation(parts, request, token);
      // Looked for when the invitation has been looked at: it may be used up as this was done meanwhile.
      // Several people may come in one after another at one browser.
      const step = pageIn(request, nameKey(form.username));
      const leadAgain = () => leadByPassword(parts, request, step, form.password);
      if (await leadAgain()) return;
      if ('refuse' in opened) return opened.refuse();
      const { invitation } = opened;
      const { community } = request;
      const newcomer = readNewcomer(form, community.questions);
      const email = shortened(newcomer.email, 300);
      const page = invitationPage(request, token, invitation, { ...shownAgain(newcomer), email });
      const refuse = (faults: FieldFault[]) => request.page({ ...page, faults }, { status: 400 });
      const faults = newcomerFaults(newcomer, { asksEmail: true });
      const wait = await count('invitation');
      if (wait !== undefined) {
        if (await leadAgain()) return;
        request.page({ ...page, retryAfterMinutes: wait }, { status: 429 });
        return;
      }
      faults.push(
        ...passwordFault(
          await newcomerPasswordFault(request.passwords(), newcomer, community, newcomer.email),
        ),
      );
      if (faults.length > 0) return refuse(faults);
      const passwordHash = await request.passwords().hash(newcomer.password);
      try {
        const made = { newcomer, passwordHash, step };
        const subject = await comeIn(parts, request, token, made);
        if (subject === undefined) {
          if (await leadAgain()) return;
          // Somebody else used it up, or it was revoked, while this one filled in the form.
          showEnded(request, (await endedState(parts, request, token)) ?? 'used-up');
          return;
        }
        await parts.settle();
        const proven = { subject, passwordHash };
        await proceedAfterPassword(parts, request, proven, {}, signInAfter(step));
      } catch (error) {
        if (error instanceof UsernameFaultError && (await leadAgain())) return;
        if (error instanceof UsernameFaultError) return refuse([usernameFaultOf(error.fault)]);
        throw error;
      }
    },
  }),
];

/**
 * Makes the member. Their address is theirs only when they open the link that is sent to it: an invitation
 * says nothing about whose mailbox it is, nor whether a member has that address.
 * @returns the subject; undefined when the invitation cannot be used any more
 */
async function comeIn(
  { database, sealer }: WebParts,
  request: CommunityRequest,
  token: string,
  { newcomer, passwordHash, step }: Made,
): Promise<string | undefined> {
  const { community, issuer } = request;
  const locale = localeOf(request.ctx, community.locale);
  return database.transaction(async (tx) => {
    const given = await useInvitation(tx, community.id, token);
    if (given === undefined) return undefined;
    const { role, groupIds } = given;
    const admission = { status: 'active', role, groupIds, locale, passwordHash } as const;
    const subject = await addNewcomer(tx, community.id, newcomer, admission);
    await recordUse(tx, community.id, given, subject);
    await proveAddressOf(
      tx,
      { id: community.id, issuerUrl: issuer.url },
      { subject, email: newcomer.email, locale },
    );
    if (step) await noteStep(sealer, tx, step, { subject });
    return subject;
  });
}

/** The invitation, if it can be used; what says why, where it cannot. */
async function openInvitation(
  parts: WebParts,
  request: CommunityRequest,
  token: string,
): Promise<{ invitation: Invitation } | { refuse: () => void }> {
  const invitation = await findInvitation(parts.database, request.community.id, token);
  if (invitation === undefined) return { refuse: () => showEnded(request, 'unknown') };
  const who = await signedIn(request);
  if (who !== undefined) {
    const { displayName } = who.member;
    const page = {
      page: 'invitation-member' as const,
      displayName,
      homeUrl: request.issuer.basePath || '/',
    };
    return { refuse: () => request.page(page, { member: who.member }) };
  }
  const { state } = invitation;
  return state === 'open' ? { invitation } : { refuse: () => showEnded(request, state) };
}

type Ended = Exclude<InvitationState, 'open'> | 'unknown';

async function endedState(
  { database }: WebParts,
  { community }: CommunityRequest,
  token: string,
): Promise<Ended | undefined> {
  const invitation = await findInvitation(database, community.id, token);
  return invitation?.state === 'open' ? undefined : invitation?.state;
}

function showEnded({ issuer, page }: CommunityRequest, state: Ended): void {
  page(
    { page: 'invitation-ended', state, loginUrl: `${issuer.basePath}/login` },
    { status: state === 'unknown' ? 404 : 410 },
  );
}

function invitationPage(
  request: CommunityRequest,
  token: string,
  { role, groups, createdBy }: Invitation,
  form: Omit<NewcomerForm, 'action' | 'csrf' | 'faults'>,
): InvitationPage {
  const { issuer, csrf } = request;
  allowJoinRedirect(request);
  return {
    page: 'invitation',
    action: `${issuer.basePath}/invitations/${token}`,
    csrf: csrf(),
    invitation: {
      invitedBy: createdBy?.displayName,
      role,
      groups: groups.map(({ name }) => name),
    },
    join: { action: `${issuer.basePath}/join`, csrf: csrf(), invitation: token },
    ...form,
    faults: [],
  };
}
