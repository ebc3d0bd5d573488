import { RefusedError } from '../communities/change-errors.ts';
import type { Community } from '../communities/community.ts';
import { findInvitation } from '../invitations/invitation-store.ts';
import { mintLink } from '../links/link-store.ts';
import { chosenNameFault } from '../memberships/choose-username.ts';
import { displayNameFault } from '../memberships/display-name.ts';
import { UsernameFaultError } from '../registration/add-newcomer.ts';
import {
  answerFaults,
  readAnswers,
  readNewcomer,
  usernameFaultOf,
} from '../registration/newcomer-form.ts';
import type { FieldFault } from '../registration/pages.ts';
import { retryAfterMinutes } from '../registration/retry-after.ts';
import { requireSignedIn, type SignedIn } from '../sessions/signed-in.ts';
import { localeOf } from '../web/chrome.ts';
import type { CommunityRequest } from '../web/community-request.ts';
import type { CommunityRoutes } from '../web/community-route-table.ts';
import { notFound, RequestError } from '../web/http-errors.ts';
import type { HubRequest } from '../web/hub-routes.ts';
import type { WebParts } from '../web/web-parts.ts';
import { addressesFor, joinCommunity, standingIn } from './join-community.ts';
import { findWay, joinDetails, type Way } from './join-link.ts';
import type { JoiningPage } from './pages.ts';

type JoinPage = Extract<JoiningPage, { page: 'account/join' }>;
type Place = { community: Community; way: Way; token: string };

const LINK_HOURS = 1;
const SLUG_AND_TOKEN = /^\/account\/join\/([a-z0-9-]{1,63})\/([\w-]{43})$/;

/** An account of the hub opens another of its communities; neither community learns of the other. */
export const JOINING_ROUTES: CommunityRoutes = [
  ['POST', /^\/join$/, setOut],
  [
    'GET',
    SLUG_AND_TOKEN,
    (parts, request, [slug, token]) => show(parts, request, slug as string, token as string),
  ],
  [
    'POST',
    SLUG_AND_TOKEN,
    (parts, request, [slug, token]) => submit(parts, request, slug as string, token as string),
  ],
];

/** POST ISSUER/join: from the page of registration or of an invitation, on to the hub. */
async function setOut(parts: WebParts, request: CommunityRequest): Promise<void> {
  const { invitation } = await request.form();
  const { community, issuer } = request;
  if (invitation !== undefined) {
    const found = await findInvitation(parts.database, community.id, invitation);
    if (found?.state !== 'open') throw notFound('invitation');
  } else if (community.registration !== 'open' && community.registration !== 'approval') {
    throw new RequestError(403, 'forbidden', 'the community takes nobody that way');
  }
  const wait = await retryAfterMinutes(parts, request, 'link');
  if (wait !== undefined) throw new RequestError(429, 'too-many', 'too many requests');
  const token = await mintLink(parts.database, community.id, {
    kind: 'join',
    details: joinDetails(parts.sealer, community.id, { invitation, issuerUrl: issuer.url }),
    hours: LINK_HOURS,
  });
  request.ctx.status = 303;
  request.ctx.redirect(`${parts.config.url.origin}/join/${community.slug}/${token}`);
}

/** GET HUB/join/SLUG/TOKEN: in which community does the visitor have an account? */
export async function showJoinAtHub(
  parts: WebParts,
  request: HubRequest,
  slug: string,
  token: string,
): Promise<void> {
  const community = await parts.communities.get({ slug });
  const way = community && (await findWay(parts, community, token));
  if (community === undefined || way === undefined || typeof way === 'string') {
    request.page({ page: 'join-expired', homeUrl: '/' }, 410);
    return;
  }
  const rows = await parts.database.query<{ slug: string; name: string }>(
    `SELECT slug, name FROM communities WHERE state = 'active' AND id <> $1 ORDER BY name LIMIT 200`,
    [community.id],
  );
  request.page({
    page: 'join',
    community: community.name,
    communities: rows.map((row) => ({
      name: row.name,
      url: `/c/${row.slug}/account/join/${slug}/${token}`,
    })),
    backUrl: way.issuerUrl,
  });
}

async function show(parts: WebParts, request: CommunityRequest, slug: string, token: string) {
  const who = await requireSignedIn(request, { recent: true });
  if (who === undefined) return;
  const place = await placeOf(parts, request, who, slug, token);
  if (place === undefined) return;
  const answers = readAnswers({}, place.community.questions);
  const page = await joinPage(parts, request, who, place, {
    username: who.member.username,
    displayName: who.member.displayName,
    answers,
  });
  request.page(page, { member: who.member });
}

/** POST: only the member's own form, in their own session, makes them join. */
async function submit(parts: WebParts, request: CommunityRequest, slug: string, token: string) {
  const fields = await request.form();
  const who = await requireSignedIn(request, { recent: true });
  if (who === undefined) return;
  const place = await placeOf(parts, request, who, slug, token);
  if (place === undefined) return;
  const { community, way } = place;
  const newcomer = readNewcomer(fields, community.questions);
  const addresses = await addressesFor(parts.database, community.id, who.personId);
  const email = addresses.find((address) => address === fields.email);
  const refuse = async (faults: FieldFault[]) => {
    const page = await joinPage(parts, request, who, place, newcomer, fields.email);
    request.page({ ...page, faults }, { status: 400, member: who.member });
  };
  const faults: FieldFault[] = answerFaults(newcomer.answers);
  const username = chosenNameFault(newcomer.username);
  if (username !== undefined) faults.unshift(usernameFaultOf(username));
  const name = displayNameFault(newcomer.displayName);
  if (name !== undefined) faults.unshift({ field: 'display_name', kind: 'name', code: name });
  if (faults.length > 0) return refuse(faults);
  const locale = localeOf(request.ctx, community.locale);
  try {
    const subject = await parts.database.transaction((tx) =>
      joinCommunity(
        tx,
        community,
        { way, token },
        { personId: who.personId, newcomer, email, locale },
      ),
    );
    if (subject === undefined) return showClosed(request, who, community, 'ended', way.issuerUrl);
    await parts.settle();
    const notice = way.status === 'active' ? 'joined' : 'requested';
    request.ctx.status = 303;
    request.ctx.redirect(`${way.issuerUrl}/login?notice=${notice}`);
  } catch (error) {
    if (error instanceof UsernameFaultError) return refuse([usernameFaultOf(error.fault)]);
    if (error instanceof RefusedError && error.code === 'email-taken')
      return refuse([{ field: 'email', kind: 'email', code: 'shape' }]);
    throw error;
  }
}

/** The community that is joined, if this person may; undefined when the answer says why they may not. */
async function placeOf(
  parts: WebParts,
  request: CommunityRequest,
  who: SignedIn,
  slug: string,
  token: string,
): Promise<Place | undefined> {
  const community = await parts.communities.get({ slug });
  if (community === undefined) throw notFound('community');
  const way = await findWay(parts, community, token);
  if (way === 'expired') {
    request.page(
      { page: 'join-expired', homeUrl: request.issuer.basePath || '/' },
      { status: 410 },
    );
    return undefined;
  }
  const home = `${parts.config.url.origin}/c/${slug}`;
  if (way === 'closed') return showClosed(request, who, community, 'closed', home);
  const standing = await standingIn(parts.database, community.id, who.personId);
  if (standing !== undefined) {
    const reason = standing === 'active' ? 'member' : standing;
    return showClosed(request, who, community, reason, way.issuerUrl);
  }
  return { community, way, token };
}

function showClosed(
  request: CommunityRequest,
  { member }: SignedIn,
  { name }: Community,
  reason: Extract<JoiningPage, { page: 'account/join-closed' }>['reason'],
  url: string,
): undefined {
  const page = { page: 'account/join-closed' as const, community: name, reason, url };
  request.page(page, { status: 409, member });
}

type Typed = { username: string; displayName: string; answers: ReturnType<typeof readAnswers> };

async function joinPage(
  parts: WebParts,
  request: CommunityRequest,
  who: SignedIn,
  { community, way, token }: Place,
  { username, displayName, answers }: Typed,
  email?: string,
): Promise<JoinPage> {
  const addresses = await addressesFor(parts.database, community.id, who.personId);
  const chosen = email ?? who.member.email ?? addresses[0];
  return {
    page: 'account/join',
    action: `${request.issuer.basePath}/account/join/${community.slug}/${token}`,
    csrf: request.csrf(),
    community: community.name,
    state: way.status,
    username: username.slice(0, 100),
    displayName: displayName.slice(0, 200),
    emails: addresses.map((address) => ({ address, chosen: address === chosen })),
    questions: answers.map(({ field, question, required, answer }) => ({
      field,
      text: question,
      required,
      answer: answer.slice(0, 2_500),
    })),
    faults: [],
  };
}
