import { isTakenNow } from '../../domain/addresses/choose-address.ts';
import { proveAddress, readProof } from '../../domain/addresses/prove-address.ts';
import { RequestError } from '../../platform/web/http-errors.ts';
import { retryAfterMinutes } from '../registration/retry-after.ts';
import type { CommunityRequest } from '../routing/community-request.ts';
import type { CommunityRoutes } from '../routing/community-route-table.ts';
import { signedInMember } from '../routing/signed-in.ts';
import type { WebParts } from '../routing/web-parts.ts';

export const VERIFY_ROUTES: CommunityRoutes = [
  ['GET', /^\/verify$/, showDone],
  ['GET', /^\/verify\/([\w-]+)$/, (parts, request, [token]) => show(parts, request, token)],
  ['POST', /^\/verify\/([\w-]+)$/, (parts, request, [token]) => submit(parts, request, token)],
];

/** GET ISSUER/verify/TOKEN says what would happen. It changes nothing: mail scanners open links, too. */
async function show(parts: WebParts, request: CommunityRequest, token = ''): Promise<void> {
  await countTry(parts, request);
  const proof = await readProof(parts.database, request.community.id, token);
  if (proof === undefined) return showExpired(request);
  const visitor = await signedInMember(request);
  const { subject, address, username, displayName, choose } = proof;
  request.page(
    {
      page: 'verify',
      action: `${request.issuer.basePath}/verify/${token}`,
      csrf: request.csrf(),
      address,
      member: { displayName, username },
      other: visitor?.subject === subject ? undefined : visitor?.username,
      choose,
    },
    { member: visitor },
  );
}

/** POST ISSUER/verify/TOKEN proves the address, for the member who asked and for nobody else. */
async function submit(parts: WebParts, request: CommunityRequest, token = ''): Promise<void> {
  await request.form();
  await countTry(parts, request);
  const place = { id: request.community.id, issuerUrl: request.issuer.url };
  const proven = await parts.database
    .transaction((tx) => proveAddress(tx, place, token))
    .catch((error) => {
      // Taken at this very moment: nothing is stored, the link still opens, and says so next time.
      if (isTakenNow(error)) return undefined;
      throw error;
    });
  if (proven === undefined) return showExpired(request);
  await parts.settle();
  const visitor = await signedInMember(request);
  if (visitor?.subject === proven.subject) {
    request.redirect(`/account/emails?notice=${proven.outcome}`);
    return;
  }
  request.redirect('/verify');
}

async function showDone(_parts: WebParts, request: CommunityRequest): Promise<void> {
  const member = await signedInMember(request);
  request.page({ page: 'verify-done', accountUrl: accountUrl(request) }, { member });
}

async function showExpired(request: CommunityRequest): Promise<void> {
  const member = await signedInMember(request);
  const page = { page: 'verify-expired', accountUrl: accountUrl(request) } as const;
  request.page(page, { status: 404, member });
}

function accountUrl({ issuer }: CommunityRequest): string {
  return `${issuer.basePath}/account/emails`;
}

async function countTry(parts: WebParts, request: CommunityRequest): Promise<void> {
  const minutes = await retryAfterMinutes(parts, request, 'link');
  if (minutes !== undefined) throw new RequestError(429, 'too-many', 'links tried');
}
