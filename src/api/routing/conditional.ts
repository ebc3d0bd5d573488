import { hash } from 'node:crypto';
import type { ApiRequest } from './api-route.ts';
import { ProblemError } from './problem.ts';

/** A strong validator of what is shown (RFC 9110 §8.8.3). */
export function etagOf(state: unknown): string {
  return `"${hash('sha256', JSON.stringify(state) ?? '', 'buffer')
    .toString('base64url')
    .slice(0, 27)}"`;
}

/** @throws ProblemError 428 (RFC 6585 §3) when the request does not say what it changes */
export function requireIfMatch({ ctx }: ApiRequest): void {
  if (ctx.get('if-match') !== '') return;
  throw new ProblemError(
    428,
    'precondition-required',
    'send the ETag of what you looked at in the header If-Match, or "*" whatever it is by now',
  );
}

/** @throws ProblemError 412 when it is otherwise than the request says (RFC 9110 §13.1.1) */
export function requireMatch({ ctx }: ApiRequest, state: object): void {
  const wanted = ctx.get('if-match');
  if (wanted === '' || wanted.trim() === '*' || listed(wanted).includes(etagOf(state))) return;
  throw new ProblemError(
    412,
    'precondition-failed',
    'it is otherwise than the ETag says: look at it again, and decide anew',
  );
}

/** Whether the sender has it already (RFC 9110 §13.1.2); there the comparison is weak. */
export function isKnown({ ctx }: ApiRequest, etag: string): boolean {
  const known = ctx.get('if-none-match');
  return known.trim() === '*' || listed(known.replaceAll('W/"', '"')).includes(etag);
}

function listed(header: string): string[] {
  return header.split(',').map((tag) => tag.trim());
}
