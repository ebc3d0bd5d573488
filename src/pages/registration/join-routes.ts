import { z } from 'zod';
import type { Community } from '../../domain/communities/community.ts';
import { noteStep } from '../../domain/done-steps/done-step.ts';
import { RefusedError } from '../../domain/errors.ts';
import { addressesFor, joinCommunity, standingIn } from '../../domain/joining/join-community.ts';
import { findWay, type Way } from '../../domain/joining/join-link.ts';
import { UsernameFaultError } from '../../domain/registration/add-newcomer.ts';
import type { Newcomer } from '../../domain/registration/newcomer.ts';
import { slug, wholeToken } from '../../platform/web/form-fields.ts';
import { notFound } from '../../platform/web/http-errors.ts';
import { localeOf } from '../routing/chrome.ts';
import type { CommunityRequest } from '../routing/community-request.ts';
import { type CommunityRoute, route } from '../routing/community-route.ts';
import { leadOn, leadSender, leadVisitor, pageIn } from '../routing/done-steps.ts';
import type { SignedIn } from '../routing/signed-in.ts';
import type { WebParts } from '../routing/web-parts.ts';
import { memberRecent } from '../routing/who.ts';
import type { JoiningPage, JoinRefusal } from './join-pages.ts';
import {
  newcomerFaults,
  newcomerFields,
  readAnswers,
  readNewcomer,
  shownAgain,
  usernameFaultOf,
} from './newcomer-form.ts';
import type { FieldFault } from './pages.ts';
import { START_JOIN } from './start-join.ts';

type JoinPage = Extract<JoiningPage, { page: 'account/join' }>;
/** What is joined, with which of the person's addresses it can be, and how. */
type Place = { community: Community; way: Way; token: string; addresses: string[] };

const link = z.object({ slug, token: wholeToken });

/** An account of the hub opens another of its communities; neither community learns of the other. */
export const JOINING_ROUTES: CommunityRoute[] = [
  START_JOIN,
  // What the other community will get. Changes nothing.
  route({
    method: 'GET',
    path: '/account/join/:slug/:token',
    params: link,
    secret: ['token'],
    who: memberRecent,
    async handle({ parts, request, who, params: { slug, token } }) {
      const place = await placeOf(parts, request, who, slug, token);
      if (await leadVisitor(parts, request, pageIn(request, who.member.subject))) return;
      if ('refuse' in place) return place.refuse();
      const { username, displayName, givenName, familyName, email } = who.member;
      const newcomer = {
        username,
        displayName,
        givenName: givenName ?? '',
        familyName: familyName ?? '',
        email: email ?? '',
        answers: readAnswers({}, place.community.questions),
      };
      showJoin(request, who, place, newcomer);
    },
  }),
  // Only the member's own form, in their own session, makes them join.
  route({
    method: 'POST',
    path: '/account/join/:slug/:token',
    params: link,
    secret: ['token'],
    who: memberRecent,
    form: newcomerFields,
    async handle({ parts, request, who, params: { slug, token }, form }) {
      const place = await placeOf(parts, request, who, slug, token);
      // Looked for when the place has been looked at: what is against it now may be that this was done meanwhile.
      const step = pageIn(request, who.member.subject);
      if (await leadSender(parts, request, step)) return;
      if ('refuse' in place) return place.refuse();
      const { community, way, addresses } = place;
      const newcomer = readNewcomer(form, community.questions);
      const refuse = (faults: FieldFault[]) => showJoin(request, who, place, newcomer, faults);
      const faults = newcomerFaults(newcomer);
      const email = addresses.find((address) => address === newcomer.email);
      if (email === undefined) faults.push({ field: 'email', kind: 'email', code: 'missing' });
      if (email === undefined || faults.length > 0) return refuse(faults);
      const locale = localeOf(request.ctx, community.locale);
      const joining = { personId: who.personId, newcomer, email, locale };
      try {
        const notice = way.status === 'active' ? 'joined' : 'requested';
        const answer = {
          subject: who.member.subject,
          ledTo: `${way.issuerUrl}/login?notice=${notice}`,
        };
        const subject = await parts.database.transaction(async (tx) => {
          const joined = await joinCommunity(tx, community, { way, token }, joining);
          if (joined && step) await noteStep(parts.sealer, tx, step, answer);
          return joined;
        });
        if (subject !== undefined) {
          await parts.settle();
          await leadOn(request, answer);
        } else if (!(await leadSender(parts, request, step)))
          showClosed(request, who, community, 'ended', way.issuerUrl);
      } catch (error) {
        if (error instanceof UsernameFaultError) return refuse([usernameFaultOf(error.fault)]);
        if (error instanceof RefusedError && error.code === 'email-taken')
          return refuse([{ field: 'email', kind: 'email', code: 'taken' }]);
        throw error;
      }
    },
  }),
];

/** The community that is joined, if this person may; what says why they may not, where they may not. */
async function placeOf(
  parts: WebParts,
  request: CommunityRequest,
  who: SignedIn,
  slug: string,
  token: string,
): Promise<Place | { refuse: () => void }> {
  const community = await parts.communities.get({ slug });
  if (community === undefined) throw notFound('community');
  const way = await findWay(parts, community, token);
  if (way === 'expired') {
    const homeUrl = request.issuer.basePath || '/';
    const answer = { status: 410, member: who.member };
    return { refuse: () => request.page({ page: 'join-expired', homeUrl }, answer) };
  }
  const refuse = (reason: JoinRefusal, url: string) => ({
    refuse: () => showClosed(request, who, community, reason, url),
  });
  if (way === 'closed') return refuse('closed', `${parts.config.url.origin}/c/${slug}/register`);
  const standing = await standingIn(parts.database, community.id, who.personId);
  if (standing === 'left') return refuse('left', `${way.issuerUrl}/register`);
  if (standing !== undefined)
    return refuse(standing === 'active' ? 'member' : standing, way.issuerUrl);
  const { proven, free } = await addressesFor(parts.database, community.id, who.personId, way);
  const emailsUrl = `${request.issuer.basePath}/account/emails`;
  if (proven.length === 0) return refuse('no-address', emailsUrl);
  if (free.length === 0) return refuse('address-taken', emailsUrl);
  return { community, way, token, addresses: free };
}

function showClosed(
  request: CommunityRequest,
  { member }: SignedIn,
  { name }: Community,
  reason: JoinRefusal,
  url: string,
): void {
  const page = { page: 'account/join-closed' as const, community: name, reason, url };
  request.page(page, { status: 409, member });
}

function showJoin(
  request: CommunityRequest,
  { member }: SignedIn,
  { community, way, token, addresses }: Place,
  newcomer: Omit<Newcomer, 'password'>,
  faults: FieldFault[] = [],
): void {
  const page: JoinPage = {
    page: 'account/join',
    action: `${request.issuer.basePath}/account/join/${community.slug}/${token}`,
    csrf: request.csrf(),
    community: community.name,
    state: way.status,
    role: way.role,
    groups: way.groups,
    ...shownAgain(newcomer),
    emails: addresses.map((address) => ({ address, chosen: address === newcomer.email })),
    faults,
  };
  // The form ends at the other community's sign-in page.
  const leaves = new URL(way.issuerUrl).origin !== new URL(request.issuer.url).origin;
  request.page(page, { status: faults.length > 0 ? 400 : 200, leaves, member });
}
