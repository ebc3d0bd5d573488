import { type Request, TAG } from '../protocol/message.ts';

export const START_TLS = '1.3.6.1.4.1.1466.20037';

/** The kind of response that each request gets (row 1); Unbind and Abandon get none. */
export const RESPONSE_TAGS = {
  bind: TAG.bindResponse,
  search: TAG.searchResultDone,
  compare: TAG.compareResponse,
  extended: TAG.extendedResponse,
  modify: TAG.modifyResponse,
  add: TAG.addResponse,
  del: TAG.delResponse,
  modifyDn: TAG.modifyDnResponse,
} as const satisfies Record<Exclude<Request['kind'], 'unbind' | 'abandon'>, number>;

export function isStartTls(request: Request): boolean {
  return request.kind === 'extended' && request.oid === START_TLS;
}

/** Whether nothing else may run beside it (RFC 4511 §4.2.1, §4.14.1). */
export function isExclusive(request: Request): boolean {
  return request.kind === 'bind' || isStartTls(request);
}
