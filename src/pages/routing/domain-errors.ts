import {
  type DomainError,
  ExpiredError,
  NotFoundError,
  type Refusal,
  RefusedError,
} from '../../domain/errors.ts';
import type { ErrorKind } from '../../platform/web/pages.ts';

declare module '../../platform/web/pages.ts' {
  interface ErrorKinds {
    domain: 'refused';
  }
}

/** What is said of an error: to the visitor by `kind` and `code`, to the log by `reason`. */
export type Meaning = { status: number; kind: ErrorKind; code?: Refusal; reason: string };

/** What the domain's errors are on the web (RFC 9110 §15.5): this is the one place that says so. */
export function meaningOfDomain(error: DomainError): Meaning {
  // Their messages name what somebody typed, which a log is not to keep.
  if (error instanceof NotFoundError)
    return { status: 404, kind: 'not-found', reason: `no such ${error.noun}` };
  if (error instanceof ExpiredError) return { status: 400, kind: 'expired', reason: error.message };
  if (error instanceof RefusedError) {
    const { code } = error;
    return { status: STATUS[code] ?? 409, kind: 'refused', code, reason: `refused: ${code}` };
  }
  return { status: 400, kind: 'bad-request', reason: error.name };
}

/**
 * 422 where what was sent is at fault and would be at any time, 403 where it is not this person's to do; what
 * is against the present state is 409.
 */
const STATUS: Partial<Record<Refusal, 403 | 413 | 422 | 503>> = {
  'slug-shape': 422,
  value: 422,
  'username-shape': 422,
  'username-reserved': 422,
  'email-shape': 422,
  'name-shape': 422,
  'zone-shape': 422,
  'end-past': 422,
  'end-of-member': 422,
  'group-name': 422,
  'ldap-base-shape': 422,
  'host-shape': 422,
  'host-wildcard': 422,
  'host-address': 422,
  'host-port': 422,
  'host-word': 422,
  'host-reserved': 422,
  'client-contradiction': 422,
  'app-password-name': 422,
  'group-cycle': 422,
  'short-password': 422,
  self: 403,
  same: 403,
  role: 403,
  owner: 403,
  'not-yours': 403,
  'invitation-role': 403,
  'picture-too-large': 413,
  'picture-format': 422,
  'picture-dimensions': 422,
  'picture-broken': 422,
  'picture-busy': 503,
};
