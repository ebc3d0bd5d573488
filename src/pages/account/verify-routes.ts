import { z } from 'zod';
import { isTakenNow } from '../../domain/addresses/choose-address.ts';
import { proveAddress, readProof } from '../../domain/addresses/prove-address.ts';
import { noteStep } from '../../domain/done-steps/done-step.ts';
import { linkToken, noFields } from '../../platform/web/form-fields.ts';
import { RequestError } from '../../platform/web/http-errors.ts';
import type { CommunityRequest } from '../routing/community-request.ts';
import { type CommunityRoute, type CountRequest, route } from '../routing/community-route.ts';
import { leadOn, leadSender, leadVisitor, pageIn } from '../routing/done-steps.ts';
import { signedInMember } from '../routing/signed-in.ts';
import { anyone } from '../routing/who.ts';

const link = z.object({ token: linkToken });

export const VERIFY_ROUTES: CommunityRoute[] = [
  route({
    method: 'GET',
    path: '/verify',
    who: anyone,
    async handle({ request }) {
      const member = await signedInMember(request);
      request.page({ page: 'verify-done', accountUrl: accountUrl(request) }, { member });
    },
  }),
  // Says what would happen. It changes nothing: mail scanners open links, too.
  route({
    method: 'GET',
    path: '/verify/:token',
    params: link,
    secret: ['token'],
    who: anyone,
    limits: ['link'],
    async handle({ parts, request, params: { token }, count }) {
      await countTry(count);
      const proof = await readProof(parts.database, request.community.id, token);
      if (proof === undefined) {
        if (!(await leadVisitor(parts, request, pageIn(request)))) await showExpired(request);
        return;
      }
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
    },
  }),
  // Proves the address, for the member who asked and for nobody else.
  route({
    method: 'POST',
    path: '/verify/:token',
    params: link,
    secret: ['token'],
    who: anyone,
    form: noFields,
    limits: ['link'],
    async handle({ parts, request, params: { token }, count }) {
      await countTry(count);
      const visitor = await signedInMember(request);
      const answerOf = ({ subject, outcome }: { subject: string; outcome: string }) => ({
        subject,
        ledTo: `${request.issuer.basePath}${
          visitor?.subject === subject ? `/account/emails?notice=${outcome}` : '/verify'
        }`,
      });
      const step = pageIn(request);
      const place = { id: request.community.id, issuerUrl: request.issuer.url };
      const proven = await parts.database
        .transaction(async (tx) => {
          const proven = await proveAddress(tx, place, token);
          if (proven && step) await noteStep(parts.sealer, tx, step, answerOf(proven));
          return proven;
        })
        .catch((error) => {
          // Taken at this very moment: nothing is stored, the link still opens, and says so next time.
          if (isTakenNow(error)) return undefined;
          throw error;
        });
      if (proven !== undefined) await parts.settle();
      else if (!(await leadSender(parts, request, step))) return showExpired(request);
      if (proven !== undefined) await leadOn(request, answerOf(proven));
    },
  }),
];

async function showExpired(request: CommunityRequest): Promise<void> {
  const member = await signedInMember(request);
  const page = { page: 'verify-expired', accountUrl: accountUrl(request) } as const;
  request.page(page, { status: 404, member });
}

function accountUrl({ issuer }: CommunityRequest): string {
  return `${issuer.basePath}/account/emails`;
}

async function countTry(count: CountRequest<'link'>): Promise<void> {
  if ((await count('link')) !== undefined) throw new RequestError(429, 'too-many', 'links tried');
}
