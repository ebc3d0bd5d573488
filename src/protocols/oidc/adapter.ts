import { type Adapter, errors } from 'oidc-provider';
import type { Sealer } from '../../platform/secrets/sealer.ts';
import { isWhole } from '../../platform/text/whole-text.ts';
import type { Payload } from './changes.ts';
import { refuseOversized } from './kept-requests.ts';
import type { RefreshTokenValues } from './refresh-token-value.ts';
import { currentUnit } from './request-scope.ts';

/** Bearer values that the protocol reads back from an interaction: kept sealed. */
const SEALED_IN_INTERACTION = ['deviceCode', 'parJti'];
const HINT = 'id_token_hint';

/**
 * oidc-provider's storage, over the unit of work of the request at hand. Values that open something
 * (tokens, codes, cookies) are the keys of rows by their SHA-256 only; where the protocol needs one
 * back, it is sealed.
 */
export function createAdapterFactory(
  sealer: Sealer,
  refreshTokens: RefreshTokenValues,
): (kind: string) => Adapter {
  return (kind) => ({
    async find(id) {
      const found = opened(sealer, kind, await currentUnit().find(kind, id));
      if (kind === 'RefreshToken' && found === undefined) noteReuse(refreshTokens, id);
      return found;
    },
    findByUid: (uid) => currentUnit().findSessionByUid(uid),
    async findByUserCode(userCode) {
      return opened(sealer, kind, await currentUnit().findByUserCode(userCode));
    },
    async upsert(id, payload, expiresIn) {
      refuseUnstorable(payload);
      refuseOversized(kind, payload as Payload);
      currentUnit().upsert(
        kind,
        id,
        sealed(sealer, kind, id, payload as Payload),
        expiresIn || undefined,
      );
    },
    async consume(id) {
      // A refresh token is known for a used one by its value.
      if (kind === 'RefreshToken' && refreshTokens.grantOf(id) !== undefined)
        currentUnit().spend(kind, id);
      else currentUnit().consume(kind, id);
    },
    async destroy(id) {
      currentUnit().destroy(kind, id);
    },
    async revokeByGrantId(grantId) {
      currentUnit().revokeGrant(grantId);
    },
  });
}

/** @throws InvalidGrant where a token is redeemed that was used before */
function noteReuse(refreshTokens: RefreshTokenValues, value: string): void {
  const made = refreshTokens.grantOf(value);
  if (made === undefined || made.expiresAt * 1000 < Date.now()) return;
  currentUnit().noteReuse(made.grantId);
  if (currentUnit().redeems) throw new errors.InvalidGrant('refresh token already used');
}

/**
 * PostgreSQL's JSON holds no NUL and no half of a surrogate pair, and nothing is kept whose letters were lost on
 * the way: a request with one is the app's mistake, not a fault of ours.
 */
function refuseUnstorable(payload: unknown): void {
  const { request } = payload as { request?: unknown };
  const texts = [JSON.stringify(payload)];
  // What was pushed is kept as a JWT, whose claims are in base64.
  if (typeof request === 'string') {
    texts.push(Buffer.from(request.split('.')[1] ?? '', 'base64url').toString());
  }
  // JSON writes NUL and half pairs as escapes; a backslash that was in the text is doubled.
  const isLost = (text: string) =>
    !isWhole(text) || (text.includes('\\u') && /(?<!\\)(?:\\\\)*\\u(?:0000|d[89a-f])/.test(text));
  if (texts.some(isLost)) {
    throw new errors.InvalidRequest('a parameter is not whole text in UTF-8');
  }
}

function sealed(sealer: Sealer, kind: string, id: string, payload: Payload): Payload {
  if (kind === 'DeviceCode') return { ...payload, sealedJti: seal(sealer, kind, id) };
  if (kind !== 'Interaction') return payload;
  const { cookie: _cookie, ...session } = (payload.session ?? {}) as Payload;
  const kept: Payload = { ...payload, ...(payload.session === undefined ? {} : { session }) };
  for (const name of SEALED_IN_INTERACTION) {
    const value = kept[name];
    if (typeof value === 'string') kept[name] = { sealed: seal(sealer, name, value) };
  }
  const { details, ...prompt } = (payload.prompt ?? {}) as Payload & { details?: Payload };
  // The question repeats the hint, and nothing reads it there.
  if (details?.[HINT] !== undefined)
    kept.prompt = { ...prompt, details: { ...details, [HINT]: undefined } };
  return withHint(kept, (hint) => ({ sealed: seal(sealer, HINT, hint as string) }));
}

/** An app's request waits with the ID token that it came with, which says who somebody is. */
function withHint(payload: Payload, change: (hint: unknown) => unknown): Payload {
  const params = payload.params as Payload | undefined;
  if (params?.[HINT] === undefined) return payload;
  return { ...payload, params: { ...params, [HINT]: change(params[HINT]) } };
}

function opened(sealer: Sealer, kind: string, payload: Payload | undefined): Payload | undefined {
  if (payload === undefined) return undefined;
  if (kind === 'DeviceCode') {
    const { sealedJti, ...rest } = payload;
    return { ...rest, jti: payload.jti ?? open(sealer, kind, sealedJti as string) };
  }
  if (kind !== 'Interaction') return payload;
  const result = { ...payload };
  for (const name of SEALED_IN_INTERACTION) {
    const value = result[name] as { sealed: string } | undefined;
    if (value !== undefined) result[name] = open(sealer, name, value.sealed);
  }
  return withHint(result, (hint) => open(sealer, HINT, (hint as { sealed: string }).sealed));
}

function seal(sealer: Sealer, name: string, value: string): string {
  return sealer.seal(value, `artifact:${name}`).toString('base64');
}

function open(sealer: Sealer, name: string, value: string): string {
  return sealer.open(Buffer.from(value, 'base64'), `artifact:${name}`).toString();
}
