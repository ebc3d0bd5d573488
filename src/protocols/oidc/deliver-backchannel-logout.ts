import { randomUUID } from 'node:crypto';
import { importJWK, SignJWT } from 'jose';
import type { BackchannelLogout } from '../../domain/sessions/backchannel-logout.ts';
import type { SigningAlg } from '../../domain/signing-keys/signing-algs.ts';
import { loadSigningKey } from '../../domain/signing-keys/signing-key-store.ts';
import type { Queryable } from '../../platform/database/database.ts';
import { AddressRefusedError } from '../../platform/outbound/guarded-connector.ts';
import { type Outbound, OutboundError } from '../../platform/outbound/outbound.ts';
import type { Outcome } from '../../platform/outbox/retry-policy.ts';
import type { Sealer } from '../../platform/secrets/sealer.ts';
import { judgeLogoutAnswer } from './judge-logout-answer.ts';

type Parts = { database: Queryable; sealer: Sealer; outbound: Outbound };

/** The token is made anew for each attempt, so it need not outlive one (§2.4: two minutes at most). */
const TOKEN_SECONDS = 120;
const LOGOUT_EVENT = 'http://schemas.openid.net/event/backchannel-logout';

/**
 * Tells a client that a session it was part of has ended (OpenID Connect Back-Channel Logout 1.0 §2.5).
 * Where to, and signed how, is read now: what the client was when the session ended may have changed.
 */
export async function deliverBackchannelLogout(
  { database, sealer, outbound }: Parts,
  { communityId, payload }: BackchannelLogout,
): Promise<Outcome> {
  const client = await findClient(database, communityId, payload.clientId);
  if (client === undefined) return { state: 'done' };
  const token = await signLogoutToken({ database, sealer }, communityId, client.alg, payload);
  if (token === undefined) return { state: 'retry', reason: 'the community has no signing key' };
  try {
    return judgeLogoutAnswer(await outbound.post(client.uri, { logout_token: token }));
  } catch (error) {
    if (error instanceof AddressRefusedError) return { state: 'refused', reason: error.message };
    if (error instanceof OutboundError) return { state: 'retry', reason: error.message };
    throw error;
  }
}

async function findClient(db: Queryable, communityId: string, clientId: string) {
  const [client] = await db.query<{ uri: string; alg: SigningAlg }>(
    `SELECT backchannel_logout_uri AS uri, id_token_signed_response_alg AS alg FROM service_clients
     WHERE community_id = $1 AND client_id = $2 AND backchannel_logout_uri IS NOT NULL`,
    [communityId, clientId],
  );
  return client;
}

/**
 * A logout token (§2.4), typed as §2.4 recommends so that it cannot be taken for an ID token.
 * `sub` and `sid` are both there: clients differ in which of them they keep.
 */
async function signLogoutToken(
  { database, sealer }: Omit<Parts, 'outbound'>,
  communityId: string,
  alg: SigningAlg,
  { issuer, clientId, subject, sid }: BackchannelLogout['payload'],
): Promise<string | undefined> {
  const key = await loadSigningKey(database, sealer, communityId, alg);
  if (key === undefined) return undefined;
  const issuedAt = Math.floor(Date.now() / 1_000);
  return new SignJWT({ events: { [LOGOUT_EVENT]: {} }, sid })
    .setProtectedHeader({ alg, typ: 'logout+jwt', kid: key.kid as string })
    .setIssuer(issuer)
    .setAudience(clientId)
    .setSubject(subject)
    .setJti(randomUUID())
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + TOKEN_SECONDS)
    .sign(await importJWK(key, alg));
}
