import { randomUUID } from 'node:crypto';
import type { Transaction } from '../../platform/database/database.ts';
import { type Actor, recordEvents } from '../../platform/events/record-event.ts';
import { tokenHash } from '../../platform/secrets/token-hash.ts';
import { wholeNumberFault } from '../../platform/text/text-faults.ts';
import { RefusedError } from '../errors.ts';
import { isActive, roleNow } from '../membership-standing.ts';
import { displayNameFault, tidyName } from '../memberships/display-name.ts';
import type { Role } from '../memberships/membership-store.ts';
import {
  COMMUNITY_SCOPES,
  HUB_SCOPES,
  type Scope,
  TOKEN_DAYS,
  TOKENS_AT_ONCE,
  type Voucher,
} from './api-token.ts';
import { newApiToken } from './token-form.ts';

export type NewApiToken = {
  /** What it is called in the list: 1 to 100 characters. */
  name: string;
  scopes: readonly Scope[];
  days: number;
};

/** Who makes and ends tokens: somebody who looks after the community, or the operator at the command line. */
export type TokenMaker = Voucher | 'cli';

/**
 * Makes a token.
 * @param communityId undefined: of the hub, which the command line alone makes
 * @returns its id, and the token, which is shown once and kept nowhere
 * @throws RefusedError `value` when it is out of bounds, `too-many-tokens`, or `role` when whoever makes it does not
 *   look after the community any more
 */
export async function createApiToken(
  tx: Transaction,
  communityId: string | undefined,
  { scopes: asked, days, ...values }: NewApiToken,
  by: TokenMaker,
): Promise<{ id: string; token: string; expiresAt: Date }> {
  const name = tidyName(values.name);
  const scopes = [...new Set(asked)].sort();
  checkValues(communityId, { name, scopes, days });
  await takeTurns(tx, communityId);
  await checkMaker(tx, communityId, by);
  await requireRoom(tx, communityId);
  const id = randomUUID();
  const token = newApiToken();
  const [row] = await tx.query<{ expiresAt: Date }>(
    `INSERT INTO api_tokens (id, community_id, name, token_hash, scopes, created_by, created_as, expires_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, now() + $8 * interval '1 day') RETURNING expires_at AS "expiresAt"`,
    [
      id,
      communityId ?? null,
      name,
      tokenHash(token),
      scopes,
      by === 'cli' ? null : by.subject,
      by === 'cli' ? null : by.role,
      days,
    ],
  );
  await recordEvents(tx, [
    {
      ...(communityId !== undefined && { communityId }),
      type: 'token.created',
      actor: makerActor(by),
      details: { token: id, name, scopes, days },
    },
  ]);
  return { id, token, expiresAt: row?.expiresAt as Date };
}

export function makerActor(by: TokenMaker): Actor {
  return by === 'cli' ? 'cli' : `member:${by.subject}`;
}

function checkValues(communityId: string | undefined, { name, scopes, days }: NewApiToken): void {
  const known: readonly string[] = communityId === undefined ? HUB_SCOPES : COMMUNITY_SCOPES;
  const wrong = scopes.find((scope) => !known.includes(scope));
  const wrongDays = wholeNumberFault(days, TOKEN_DAYS);
  const faults = [
    displayNameFault(name) && 'the name must have 1 to 100 characters, all of them visible',
    scopes.length === 0 && `a token needs a scope: one or more of ${known.join(', ')}`,
    wrong && `"${wrong}" is no scope of this token: choose of ${known.join(', ')}`,
    wrongDays && `the number of days ${wrongDays}`,
  ];
  const fault = faults.find(Boolean);
  if (fault) throw new RefusedError('value', fault);
}

/** Two that are made at once see each other. */
async function takeTurns(tx: Transaction, communityId: string | undefined): Promise<void> {
  await tx.query(`SELECT pg_advisory_xact_lock(hashtextextended('api-tokens:' || $1, 0))`, [
    communityId ?? '',
  ]);
}

/** By what they are now: nobody changes that before this transaction is stored, and whoever does ends the token. */
async function checkMaker(
  tx: Transaction,
  communityId: string | undefined,
  by: TokenMaker,
): Promise<void> {
  if (by === 'cli') return;
  const [maker] = await tx.query<{ role: Role }>(
    `SELECT ${roleNow('m')} AS role FROM memberships m
     WHERE community_id = $1 AND subject = $2 AND ${isActive('m')} FOR SHARE`,
    [communityId ?? null, by.subject],
  );
  if (maker?.role === 'owner' || (maker?.role === 'admin' && by.role === 'admin')) return;
  throw new RefusedError('role', 'only who looks after a community makes its tokens');
}

async function requireRoom(tx: Transaction, communityId: string | undefined): Promise<void> {
  const [row] = await tx.query<{ count: number }>(
    `SELECT count(*)::int AS count FROM api_tokens
     WHERE community_id IS NOT DISTINCT FROM $1 AND revoked_at IS NULL AND expires_at > now()`,
    [communityId ?? null],
  );
  if ((row?.count ?? 0) < TOKENS_AT_ONCE) return;
  throw new RefusedError(
    'too-many-tokens',
    `there are ${TOKENS_AT_ONCE} tokens already: revoke one that nothing uses any more`,
  );
}
