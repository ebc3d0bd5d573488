import {
  type Asker,
  addAddress,
  MOST_ADDRESSES,
  sendProofAgain,
} from '../../domain/addresses/add-address.ts';
import { listAddresses } from '../../domain/addresses/address-store.ts';
import { chooseAddress, isTakenNow } from '../../domain/addresses/choose-address.ts';
import { removeAddress } from '../../domain/addresses/remove-address.ts';
import { isEmailAddress } from '../../platform/text/names.ts';
import { notFound } from '../../platform/web/http-errors.ts';
import { retryAfterMinutes } from '../registration/retry-after.ts';
import { localeOf } from '../routing/chrome.ts';
import type { CommunityRequest } from '../routing/community-request.ts';
import type { CommunityRoutes } from '../routing/community-route-table.ts';
import { recently } from '../routing/recently.ts';
import type { SignedIn } from '../routing/signed-in.ts';
import type { WebParts } from '../routing/web-parts.ts';
import {
  EMAIL_NOTICES,
  type EmailFault,
  type EmailNotice,
  type EmailPage,
} from './address-pages.ts';

type AddressesPage = Extract<EmailPage, { page: 'account/emails' }>;
export const EMAIL_ACCOUNT_ROUTES: CommunityRoutes = [
  ['GET', /^\/account\/emails$/, recently(show)],
  // Where somebody comes back to who had to sign in again first.
  [
    'GET',
    /^\/account\/emails\/(?:send|choose|remove)$/,
    async (_parts, request) => request.redirect('/account/emails'),
  ],
  ['POST', /^\/account\/emails$/, recently(add)],
  ['POST', /^\/account\/emails\/send$/, recently(sendAgain)],
  ['POST', /^\/account\/emails\/choose$/, recently(choose)],
  ['POST', /^\/account\/emails\/remove$/, recently(remove)],
];

async function show(parts: WebParts, request: CommunityRequest, who: SignedIn): Promise<void> {
  const notice = EMAIL_NOTICES.find((one) => one === request.ctx.query.notice);
  request.page(await addressesPage(parts, request, who, { notice }), { member: who.member });
}

/** POST ISSUER/account/emails: the answer is the same whoever else has the address. */
async function add(parts: WebParts, request: CommunityRequest, who: SignedIn): Promise<void> {
  const fields = await request.form();
  const email = (fields.email ?? '').trim();
  const wish = { email: email.slice(0, 254), choose: fields.choose === 'yes' };
  const code = shapeFault(email) ?? (await throttled(parts, request, who));
  if (code !== undefined) return refuse(parts, request, who, { field: 'email', code }, wish);
  const refusal = await parts.database.transaction((tx) =>
    addAddress(tx, askerOf(request, who), email, wish.choose),
  );
  if (refusal !== undefined) {
    return refuse(parts, request, who, { field: 'email', code: refusal }, wish);
  }
  back(request, 'sent');
}

async function sendAgain(parts: WebParts, request: CommunityRequest, who: SignedIn): Promise<void> {
  const { address = '' } = await request.form();
  const code = await throttled(parts, request, who);
  if (code !== undefined) return refuse(parts, request, who, { field: 'addresses', code });
  const sent = await parts.database.transaction((tx) =>
    sendProofAgain(tx, askerOf(request, who), address),
  );
  if (!sent) throw notFound('address');
  back(request, 'sent');
}

async function choose(parts: WebParts, request: CommunityRequest, who: SignedIn): Promise<void> {
  const { address = '' } = await request.form();
  const place = { communityId: request.community.id, issuerUrl: request.issuer.url };
  const refusal = await parts.database
    .transaction((tx) => chooseAddress(tx, { ...place, subject: who.member.subject, address }))
    .catch((error) => {
      if (isTakenNow(error)) return 'taken' as const;
      throw error;
    });
  if (refusal !== undefined) {
    return refuse(parts, request, who, { field: 'addresses', code: refusal });
  }
  await parts.settle();
  back(request, 'chosen');
}

async function remove(parts: WebParts, request: CommunityRequest, who: SignedIn): Promise<void> {
  const { address = '' } = await request.form();
  const { subject, personId } = who.member;
  const owner = { communityId: request.community.id, subject, personId };
  const refusal = await parts.database.transaction((tx) => removeAddress(tx, owner, address));
  if (refusal !== undefined) {
    return refuse(parts, request, who, { field: 'addresses', code: refusal });
  }
  back(request, 'removed');
}

function shapeFault(email: string): 'missing' | 'shape' | undefined {
  if (email === '') return 'missing';
  return isEmailAddress(email) ? undefined : 'shape';
}

async function throttled(
  parts: WebParts,
  request: CommunityRequest,
  { member }: SignedIn,
): Promise<'throttled' | undefined> {
  const minutes = await retryAfterMinutes(parts, request, 'verification', member.subject);
  return minutes === undefined ? undefined : 'throttled';
}

function askerOf({ community, issuer, ctx }: CommunityRequest, { member }: SignedIn): Asker {
  const { personId, subject, username, displayName } = member;
  return {
    communityId: community.id,
    issuerUrl: issuer.url,
    personId,
    subject,
    username,
    displayName,
    locale: localeOf(ctx, community.locale),
  };
}

function back(request: CommunityRequest, notice: EmailNotice): void {
  request.redirect(`/account/emails?notice=${notice}`);
}

async function refuse(
  parts: WebParts,
  request: CommunityRequest,
  who: SignedIn,
  fault: EmailFault,
  typed: { email?: string; choose?: boolean } = {},
): Promise<void> {
  const page = await addressesPage(parts, request, who, { ...typed, faults: [fault] });
  const status = fault.code === 'throttled' ? 429 : 400;
  request.page(page, { status, member: who.member });
}

async function addressesPage(
  { database }: WebParts,
  request: CommunityRequest,
  { member }: SignedIn,
  change: Partial<Pick<AddressesPage, 'notice' | 'faults' | 'email' | 'choose'>>,
): Promise<AddressesPage> {
  const here = request.community.id;
  const addresses = await listAddresses(database, member.personId);
  return {
    page: 'account/emails',
    action: `${request.issuer.basePath}/account/emails`,
    csrf: request.csrf(),
    addresses: addresses.map(({ address, isProven, isVerified, communityIds }) => ({
      address,
      chosen: communityIds.includes(here),
      elsewhere: communityIds.some((id) => id !== here),
      state: isProven ? 'proven' : isVerified ? 'vouched' : 'open',
    })),
    email: '',
    choose: true,
    full: addresses.length >= MOST_ADDRESSES,
    faults: [],
    ...change,
  };
}
