import { DomainError, NotFoundError, RefusedError } from '../../../domain/errors.ts';
import { BusyError } from '../../../platform/errors/busy-error.ts';
import { LdapError, RESULT } from '../protocol/result.ts';

/**
 * What the domain's errors are in LDAP (RFC 4511 appendix A): this is the one place that says so. Anything
 * else stays what it is.
 */
export function meaningOfDomain(error: unknown): unknown {
  if (error instanceof BusyError)
    return new LdapError(RESULT.busy, 'too much is asked for at once: try again in a moment');
  if (!(error instanceof DomainError)) return error;
  if (error instanceof NotFoundError)
    return new LdapError(RESULT.noSuchObject, `there is no such ${error.noun} here`);
  if (error instanceof RefusedError) {
    const code = BY_VALUE.has(error.code) ? RESULT.constraintViolation : RESULT.unwillingToPerform;
    return new LdapError(code, error.message);
  }
  return new LdapError(RESULT.unwillingToPerform, 'it changed meanwhile: try again');
}

/** What was sent is at fault. */
const BY_VALUE: ReadonlySet<string> = new Set(['short-password', 'value']);
