import type { Context } from 'koa';
import { type ClosedMembership, closedStatus } from '../../domain/memberships/closed-membership.ts';
import type { PasswordChecks } from '../../domain/people/passwords.ts';
import { provePassword } from '../../domain/people/prove-password.ts';
import { findCredential } from '../../domain/sessions/credential-store.ts';
import type { Database } from '../../platform/database/database.ts';
import type { Sealer } from '../../platform/secrets/sealer.ts';
import { nameKey } from '../../platform/text/names.ts';
import type { Attempt, SignInThrottle } from '../../platform/throttles/sign-in-throttle.ts';
import type { Metrics } from '../../platform/web/metrics.ts';
import { knownDevice } from './known-device.ts';

export type SignInOutcome =
  | { signedIn: true; subject: string; passwordHash: string }
  | { signedIn: false; fault: 'missing' }
  | { signedIn: false; fault: 'credentials'; subject: string | undefined }
  /** The password is right, and the membership lets nobody in. */
  | ({ signedIn: false; fault: 'closed' } & ClosedMembership)
  | {
      signedIn: false;
      fault: 'throttled';
      retryAfterSeconds: number;
      /** Whether it is the first of its window. */
      first: boolean;
      /** What was tried all the same, and was wrong. */
      tried?: { subject: string | undefined };
    };

export type SignInParts = {
  database: Database;
  sealer: Sealer;
  throttle: SignInThrottle;
  metrics: Metrics;
};

/**
 * Checks a typed name and password. Unknown and wrong answer the same, in the same time, whoever is meant:
 * the password is hashed in every case (invariant 6), and what the membership lets is looked at when it was right.
 */
export async function checkPasswordSignIn(
  parts: SignInParts,
  ctx: Context,
  passwords: PasswordChecks,
  form: { communityId: string; login: string; password: string; ip: string },
): Promise<SignInOutcome> {
  const { communityId, login, password } = form;
  if (login.trim() === '' || password === '') return { signedIn: false, fault: 'missing' };
  const credential = await findCredential(parts.database, communityId, login.slice(0, 320));
  const name = nameKey(login.trim().slice(0, 320));
  const attempt: Attempt = {
    communityId,
    name,
    account: credential?.subject ?? name,
    isNobody: credential === undefined,
    ip: form.ip,
    device: credential && (await knownDevice(parts, ctx, communityId, credential.subject)),
  };
  const throttled = await parts.throttle.attempt(attempt);
  if (!throttled.allowed) {
    const { retryAfterSeconds, first } = throttled;
    return { signedIn: false, fault: 'throttled', retryAfterSeconds, first };
  }
  const passwordHash = await provePassword(parts.database, passwords, credential, password);
  if (passwordHash === undefined || credential === undefined) {
    const subject = credential?.subject;
    if (!('besieged' in throttled)) return { signedIn: false, fault: 'credentials', subject };
    const { retryAfterSeconds, first } = throttled.besieged;
    return { signedIn: false, fault: 'throttled', retryAfterSeconds, first, tried: { subject } };
  }
  await parts.throttle.succeeded(attempt);
  const { subject } = credential;
  const status = closedStatus(credential);
  if (status !== undefined) return { signedIn: false, fault: 'closed', subject, status };
  return { signedIn: true, subject, passwordHash };
}
