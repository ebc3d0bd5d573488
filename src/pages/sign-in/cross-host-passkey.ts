import { z } from 'zod';
import { noteStep, type Step } from '../../domain/done-steps/done-step.ts';
import { communityPlace } from '../../domain/passkeys/passkey-place.ts';
import { relyingPartiesOf, relyingPartyAt } from '../../domain/passkeys/relying-party.ts';
import { verifyAssertion } from '../../domain/passkeys/verify-assertion.ts';
import { type KnownPasskey, readFactors } from '../../domain/second-factors/factor-store.ts';
import type { Queryable } from '../../platform/database/database.ts';
import { TooManyError } from '../../platform/errors/too-many-error.ts';
import { newToken, tokenHash, tokenHashHex } from '../../platform/secrets/token-hash.ts';
import { noFields, wholeToken } from '../../platform/web/form-fields.ts';
import type { CommunityRequest } from '../routing/community-request.ts';
import { type CommunityRoute, route } from '../routing/community-route.ts';
import { leadSender, pageIn } from '../routing/done-steps.ts';
import type { WebParts } from '../routing/web-parts.ts';
import { anyone } from '../routing/who.ts';
import { completeSignIn } from './complete-sign-in.ts';
import { countWrongPasskey } from './count-wrong-passkey.ts';
import { isExpired } from './load-interaction.ts';
import type { PasskeyPage } from './passkey-pages.ts';
import { relyingPartyNamed, sendRequestOptions } from './passkey-request-options.ts';
import { leadByCode, noSignIn, onTheWay, returning, SIGN_INS } from './who.ts';

const passkeyLink = z.object({ token: wholeToken });

/**
 * A passkey of the community's other address, where the browser knows no related origins: the visitor goes
 * there by a one-time link, proves it, and comes back with a one-time code. The code counts only together
 * with the cookie of the browser in which the password was typed: who sends the link to somebody else is
 * sent nothing back.
 */
export const CROSS_HOST_PASSKEY_ROUTES: CommunityRoute[] = [
  ...SIGN_INS.flatMap(({ path, params }) => [
    // A new link makes the one before worthless.
    route({
      method: 'GET',
      path: `${path}/second-factor/elsewhere`,
      params,
      who: onTheWay('factor'),
      query: z.object({ at: z.string().default('') }),
      async handle({ parts, request, who: { pending }, query }) {
        const { issuer } = relyingPartyNamed(parts, request, query.at);
        const token = newToken();
        await parts.database.query(
          `UPDATE pending_sign_ins SET handoff_hash = $3, proven_amr = NULL
         WHERE community_id = $1 AND token_hash = $2 AND waits_for = 'factor'`,
          [request.community.id, pending.tokenHash, tokenHash(token)],
        );
        request.ctx.status = 303;
        request.ctx.redirect(`${issuer.url}/hand-off/${token}`);
      },
    }),
    // In the browser where it began.
    route({
      method: 'GET',
      path: `${path}/second-factor/return`,
      params,
      who: returning,
      query: z.object({ code: z.string().max(100).default('') }),
      secret: ['code'],
      async handle({ parts, request, who: { pending, target }, query: { code } }) {
        const proven = await provenBy(parts.database, request, pending.tokenHash, code);
        if (proven === undefined) {
          // The same was brought meanwhile.
          if (await leadByCode(parts, request, target.interaction?.uid)) return;
          throw noSignIn(target);
        }
        const amr = ['pwd', ...proven, 'mfa'];
        const { credential, returnPath } = pending;
        await completeSignIn(
          parts,
          request,
          { amr, credential, pending, code },
          { ...target, returnPath },
        );
      },
    }),
  ]),
  // At the other address; looking at it changes nothing.
  route({
    method: 'GET',
    path: '/hand-off/:token',
    params: passkeyLink,
    secret: ['token'],
    who: anyone,
    async handle({ parts, request, params: { token } }) {
      showPage(request, await findCrossHostSignIn(parts, request, token), token);
    },
  }),
  route({
    method: 'POST',
    path: '/hand-off/:token/options',
    params: passkeyLink,
    secret: ['token'],
    who: anyone,
    form: noFields,
    async handle({ parts, request, params: { token } }) {
      const { passkeys } = await findCrossHostSignIn(parts, request, token);
      await sendRequestOptions(parts, request, relyingPartyAt(request.issuer).rpId, {
        purpose: purposeOf(token),
        userVerification: 'discouraged',
        allowed: passkeys,
      });
    },
  }),
  route({
    method: 'POST',
    path: '/hand-off/:token',
    params: passkeyLink,
    secret: ['token'],
    who: anyone,
    form: z.object({ response: z.string().optional() }),
    async handle({ parts, request, params: { token }, form }) {
      const step = pageIn(request, form.response);
      const signIn = await signInOrLead(parts, request, token, step);
      if (signIn === undefined) return;
      const { personId, subject } = signIn;
      const expected = { purpose: purposeOf(token), personId, userVerification: false };
      const place = communityPlace(parts.config, request);
      const outcome = await verifyAssertion(parts, place, form.response, expected);
      const amr = outcome.verified ? outcome.amr : outcome.again;
      if (amr === undefined) {
        const allowed = await countWrongPasskey(parts, request.community.id, request.ip);
        if (!allowed.allowed)
          throw new TooManyError('too many wrong passkeys', allowed.retryAfterSeconds);
        const details = { using: 'passkey' };
        request.unit.record({ type: 'second-factor.failed', actor: 'anonymous', subject, details });
        showPage(request, signIn, token, 'passkey');
        return;
      }
      const code = newToken();
      const ledTo = `${signIn.returnUrl}?code=${code}`;
      const proven = await parts.database.transaction(async (tx) => {
        const rows = await tx.query(
          `UPDATE pending_sign_ins SET handoff_hash = $3, proven_amr = $4
           WHERE community_id = $1 AND handoff_hash = $2 AND proven_amr IS NULL AND expires_at > now() RETURNING 1`,
          [request.community.id, tokenHash(token), tokenHash(code), amr],
        );
        if (rows.length > 0 && step) await noteStep(parts.sealer, tx, step, { subject, ledTo });
        return rows.length > 0;
      });
      if (!proven) {
        // Of two at once, the other was first.
        if (await leadSender(parts, request, step)) return;
        throw noSignIn();
      }
      request.ctx.status = 303;
      request.ctx.redirect(ledTo);
    },
  }),
];

function showPage(
  request: CommunityRequest,
  { from }: CrossHostSignIn,
  token: string,
  fault?: 'passkey',
): void {
  const action = `${request.issuer.basePath}/hand-off/${token}`;
  const page: PasskeyPage = {
    page: 'cross-host-passkey',
    action,
    csrf: request.csrf(),
    from,
    fault,
  };
  request.page(page, { leaves: true, status: fault === undefined ? 200 : 400 });
}

async function provenBy(
  db: Queryable,
  request: CommunityRequest,
  pendingHash: Buffer,
  code: string,
): Promise<string[] | undefined> {
  const [row] = await db.query<{ amr: string[] }>(
    `SELECT proven_amr AS amr FROM pending_sign_ins
     WHERE community_id = $1 AND token_hash = $2 AND handoff_hash = $3 AND proven_amr IS NOT NULL`,
    [request.community.id, pendingHash, tokenHash(code)],
  );
  return row?.amr;
}

type CrossHostSignIn = {
  subject: string;
  personId: string;
  /** Of this address. */
  passkeys: KnownPasskey[];
  /** The host where the sign-in began. */
  from: string;
  returnUrl: string;
};

/** The sign-in that a link belongs to. @throws RequestError 400 `expired` */
async function findCrossHostSignIn(
  parts: WebParts,
  request: CommunityRequest,
  token: string,
): Promise<CrossHostSignIn> {
  const { community, issuer } = request;
  const [row] = await parts.database.query<{
    subject: string;
    personId: string;
    issuer: string;
    uid: string | null;
  }>(
    `SELECT s.subject, m.person_id AS "personId", s.issuer, s.interaction_uid AS uid
     FROM pending_sign_ins s
     JOIN memberships m ON m.community_id = s.community_id AND m.subject = s.subject
     WHERE s.community_id = $1 AND s.handoff_hash = $2 AND s.proven_amr IS NULL
       AND s.waits_for = 'factor' AND s.expires_at > now()`,
    [community.id, tokenHash(token)],
  );
  const began = relyingPartiesOf(parts.config, community, issuer).find(
    (one) => one.issuer.url === row?.issuer,
  );
  if (row === undefined || began === undefined) throw noSignIn();
  const here = relyingPartyAt(issuer).rpId;
  const { passkeys } = await readFactors(parts.database, row.personId);
  const path = row.uid === null ? '/login' : `/login/${row.uid}`;
  return {
    subject: row.subject,
    personId: row.personId,
    passkeys: passkeys.filter(({ rpId }) => rpId === here),
    from: new URL(row.issuer).host,
    returnUrl: `${row.issuer}${path}/second-factor/return`,
  };
}

/**
 * The same; whoever sends the answer once more that was taken, by the same browser, is led where it led: the
 * link alone is used up.
 * @returns undefined when that is the answer
 */
async function signInOrLead(
  parts: WebParts,
  request: CommunityRequest,
  token: string,
  step: Step | undefined,
): Promise<CrossHostSignIn | undefined> {
  try {
    return await findCrossHostSignIn(parts, request, token);
  } catch (error) {
    if (!isExpired(error) || !(await leadSender(parts, request, step))) throw error;
    return undefined;
  }
}

const purposeOf = (token: string) => `hand-off:${tokenHashHex(token)}`;
