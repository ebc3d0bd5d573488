import type { Context } from 'koa';

/** Bad input that a person can mend; `kind` picks the words of the page. */
export class RequestError extends Error {
  override readonly name = 'RequestError';
  readonly status: number;
  readonly kind:
    | 'not-found'
    | 'expired'
    | 'bad-request'
    | 'encoding'
    | 'forbidden'
    | 'csrf'
    | 'too-large'
    | 'too-many';
  /** Where it can begin again: a path below the place that was asked. */
  readonly wayOn: string | undefined;

  constructor(status: number, kind: RequestError['kind'], message: string, wayOn?: string) {
    super(message);
    this.status = status;
    this.kind = kind;
    this.wayOn = wayOn;
  }
}

/** Text whose letters were lost on the way: another encoding than UTF-8, most of the time. */
export function unreadableText(what: string): RequestError {
  return new RequestError(400, 'encoding', `${what} is not whole text in UTF-8`);
}

export function notFound(what: string): RequestError {
  return new RequestError(404, 'not-found', what);
}

/** The other side went away in the middle of its request: there is nobody to answer. */
export class ClientGoneError extends Error {
  override readonly name = 'ClientGoneError';
}

/** What the answer's `Retry-After` (RFC 9110 §10.2.3) is for a reader; undefined without one. */
export function minutesToWait(ctx: Context): number | undefined {
  const seconds = Number(ctx.response.get('Retry-After'));
  return seconds > 0 ? Math.ceil(seconds / 60) : undefined;
}
