import { z } from 'zod';
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
import { checkbox, oneOf, typed } from '../../platform/web/form-fields.ts';
import { notFound } from '../../platform/web/http-errors.ts';
import { localeOf } from '../routing/chrome.ts';
import type { CommunityRequest } from '../routing/community-request.ts';
import { type CommunityRoute, type CountRequest, route } from '../routing/community-route.ts';
import type { SignedIn } from '../routing/signed-in.ts';
import type { WebParts } from '../routing/web-parts.ts';
import { anyone, memberRecent } from '../routing/who.ts';
import {
  EMAIL_NOTICES,
  type EmailFault,
  type EmailNotice,
  type EmailPage,
} from './address-pages.ts';

type AddressesPage = Extract<EmailPage, { page: 'account/emails' }>;
const chosen = z.object({ address: typed });

export const EMAIL_ACCOUNT_ROUTES: CommunityRoute[] = [
  route({
    method: 'GET',
    path: '/account/emails',
    who: memberRecent,
    query: z.object({ notice: oneOf(...EMAIL_NOTICES) }),
    async handle({ parts, request, who, query: { notice } }) {
      const page = await addressesPage(parts, request, who, { notice });
      request.page(page, { member: who.member });
    },
  }),
  // The answer is the same whoever else has the address.
  route({
    method: 'POST',
    path: '/account/emails',
    who: memberRecent,
    form: z.object({ email: typed.transform((text) => text.trim()), choose: checkbox }),
    limits: ['verification'],
    async handle({ parts, request, who, form: { email, choose }, count }) {
      const wish = { email: email.slice(0, 254), choose };
      const code = shapeFault(email) ?? (await throttled(count, who));
      if (code !== undefined) return refuse(parts, request, who, { field: 'email', code }, wish);
      const refusal = await parts.database.transaction((tx) =>
        addAddress(tx, askerOf(request, who), email, wish.choose),
      );
      if (refusal !== undefined) {
        return refuse(parts, request, who, { field: 'email', code: refusal }, wish);
      }
      back(request, 'sent');
    },
  }),
  route({
    method: 'POST',
    path: '/account/emails/send',
    who: memberRecent,
    form: chosen,
    limits: ['verification'],
    async handle({ parts, request, who, form: { address }, count }) {
      const code = await throttled(count, who);
      if (code !== undefined) return refuse(parts, request, who, { field: 'addresses', code });
      const sent = await parts.database.transaction((tx) =>
        sendProofAgain(tx, askerOf(request, who), address),
      );
      if (!sent) throw notFound('address');
      back(request, 'sent');
    },
  }),
  route({
    method: 'POST',
    path: '/account/emails/choose',
    who: memberRecent,
    form: chosen,
    async handle({ parts, request, who, form: { address } }) {
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
    },
  }),
  route({
    method: 'POST',
    path: '/account/emails/remove',
    who: memberRecent,
    form: chosen,
    async handle({ parts, request, who, form: { address } }) {
      const { subject, personId } = who.member;
      const owner = { communityId: request.community.id, subject, personId };
      const refusal = await parts.database.transaction((tx) => removeAddress(tx, owner, address));
      if (refusal !== undefined) {
        return refuse(parts, request, who, { field: 'addresses', code: refusal });
      }
      back(request, 'removed');
    },
  }),
  // Where somebody comes back to who had to sign in again first.
  ...(['send', 'choose', 'remove'] as const).map((step) =>
    route({
      method: 'GET',
      path: `/account/emails/${step}`,
      who: anyone,
      handle: ({ request }) => request.redirect('/account/emails'),
    }),
  ),
];

function shapeFault(email: string): 'missing' | 'shape' | undefined {
  if (email === '') return 'missing';
  return isEmailAddress(email) ? undefined : 'shape';
}

async function throttled(
  count: CountRequest<'verification'>,
  { member }: SignedIn,
): Promise<'throttled' | undefined> {
  return (await count('verification', member.subject)) === undefined ? undefined : 'throttled';
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
    addresses: addresses.map(({ address, standing, communityIds }) => ({
      address,
      chosen: communityIds.includes(here),
      elsewhere: communityIds.some((id) => id !== here),
      state: standing,
    })),
    email: '',
    choose: true,
    full: addresses.length >= MOST_ADDRESSES,
    faults: [],
    ...change,
  };
}
