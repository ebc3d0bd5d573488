import type { Step } from '../../domain/done-steps/done-step.ts';
import { letsSignIn } from '../../domain/membership-standing.ts';
import type { Credential } from '../../domain/sessions/authentication.ts';
import type { Queryable, Transaction } from '../../platform/database/database.ts';
import { newToken, tokenHash } from '../../platform/secrets/token-hash.ts';
import type { CommunityRequest } from '../routing/community-request.ts';
import { stepIn } from '../routing/done-steps.ts';
import { type SignInTarget, signInPath } from './sign-in-target.ts';

/** What a sign-in waits for: a second factor, one being set up, or the person's word on their deletion. */
export type WaitsFor = 'factor' | 'set-up' | 'decision';

/** A sign-in on its way: who it will be, by what it began, and what is missing. */
export type PendingSignIn = {
  tokenHash: Buffer;
  subject: string;
  personId: string;
  credential: Credential;
  waitsFor: WaitsFor;
  /** What was proven besides the password; null when nothing was. */
  provenAmr: string[] | null;
  returnPath: string | undefined;
};

const COOKIE = 'trousseau_pending';
const MINUTES = 15;

/**
 * Keeps the sign-in for a quarter of an hour; the browser gets the token that leads back to it.
 * @returns the token
 */
export async function openPendingSignIn(
  db: Queryable,
  request: CommunityRequest,
  pending: { credential: Credential; waitsFor: WaitsFor; provenAmr?: readonly string[] },
  target: SignInTarget,
): Promise<string> {
  const token = newToken();
  const { credential, waitsFor, provenAmr } = pending;
  await db.query(
    `INSERT INTO pending_sign_ins (community_id, token_hash, subject, issuer, password_hash, passkey_id,
       interaction_uid, return_path, waits_for, proven_amr, expires_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, now() + $11 * interval '1 minute')`,
    [
      request.community.id,
      tokenHash(token),
      credential.subject,
      request.issuer.url,
      'passwordHash' in credential ? credential.passwordHash : null,
      'passkeyId' in credential ? credential.passkeyId : null,
      target.interaction?.uid ?? null,
      target.returnPath ?? null,
      waitsFor,
      provenAmr ?? null,
      MINUTES,
    ],
  );
  givePendingSignIn(request, token, target);
  return token;
}

/** Gives the browser the token of a sign-in on its way, whose first answer it may never have seen. */
export function givePendingSignIn(
  request: CommunityRequest,
  token: string,
  target: SignInTarget,
): void {
  request.ctx.cookies.set(COOKIE, token, {
    httpOnly: true,
    sameSite: 'lax',
    // Each app's request has its own: sign-ins in two tabs do not meet.
    path: request.issuer.basePath + signInPath(target),
    maxAge: MINUTES * 60_000,
    secure: request.issuer.url.startsWith('https:'),
    signed: false,
    overwrite: true,
  });
}

/**
 * The sign-in that this browser began at this address for this target, if what it rests on still stands;
 * undefined when there is none: it has to begin again.
 */
export async function findPendingSignIn(
  db: Queryable,
  request: CommunityRequest,
  target: SignInTarget,
  waitsFor: WaitsFor,
): Promise<PendingSignIn | undefined> {
  const token = request.ctx.cookies.get(COOKIE, { signed: false });
  if (token === undefined || token.length > 200) return undefined;
  const [row] = await db.query<{
    subject: string;
    personId: string;
    passwordHash: string | null;
    passkeyId: string | null;
    provenAmr: string[] | null;
    returnPath: string | null;
  }>(
    `SELECT s.subject, m.person_id AS "personId", s.password_hash AS "passwordHash", s.passkey_id AS "passkeyId",
       s.proven_amr AS "provenAmr", s.return_path AS "returnPath"
     FROM pending_sign_ins s
     JOIN memberships m ON m.community_id = s.community_id AND m.subject = s.subject
     JOIN persons p ON p.id = m.person_id
     WHERE s.community_id = $1 AND s.token_hash = $2 AND s.issuer = $3 AND s.waits_for = $4
       AND s.interaction_uid IS NOT DISTINCT FROM $5 AND s.expires_at > now()
       AND ${letsSignIn('m')}
       AND (s.password_hash IS NULL OR s.password_hash = p.password_hash)`,
    [
      request.community.id,
      tokenHash(token),
      request.issuer.url,
      waitsFor,
      target.interaction?.uid ?? null,
    ],
  );
  if (row === undefined) return undefined;
  const { subject, personId, passwordHash, passkeyId, provenAmr, returnPath } = row;
  const credential: Credential =
    passkeyId === null
      ? { subject, passwordHash: passwordHash as string }
      : { subject, passkeyId: passkeyId };
  return {
    tokenHash: tokenHash(token),
    subject,
    personId,
    credential,
    waitsFor,
    provenAmr,
    returnPath: returnPath ?? undefined,
  };
}

/** That a sign-in on its way arrived, which is so once. */
export function arrivedStep(request: CommunityRequest): Step | undefined {
  const token = request.ctx.cookies.get(COOKIE, { signed: false });
  return token === undefined ? undefined : stepIn(request, `sign-in ${token}`);
}

/** Notes what a sign-in on its way proved besides its password. */
export async function noteProven(
  db: Transaction,
  request: CommunityRequest,
  { tokenHash: hash }: PendingSignIn,
  amr: readonly string[],
): Promise<void> {
  await db.query(
    'UPDATE pending_sign_ins SET proven_amr = $3 WHERE community_id = $1 AND token_hash = $2',
    [request.community.id, hash, amr],
  );
}
