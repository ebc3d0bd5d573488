import type { Queryable } from '../../platform/database/database.ts';

/** A passkey as a sign-in needs to know it. */
export type KnownPasskey = {
  id: string;
  rpId: string;
  /** base64url, as WebAuthn's JSON writes it. */
  credentialId: string;
  transports: string[];
  name: string;
};

/** With what a person can prove more than their password. */
export type Factors = {
  totp: boolean;
  recoveryCodesLeft: number;
  /** The one used last comes first. */
  passkeys: KnownPasskey[];
};

export async function readFactors(db: Queryable, personId: string): Promise<Factors> {
  const [row] = await db.query<Factors>(
    `SELECT
       EXISTS (SELECT 1 FROM totp_secrets WHERE person_id = $1 AND confirmed_at IS NOT NULL) AS totp,
       (SELECT count(*)::int FROM recovery_codes WHERE person_id = $1 AND used_at IS NULL) AS "recoveryCodesLeft",
       COALESCE((SELECT jsonb_agg(jsonb_build_object('id', id, 'rpId', rp_id,
           'credentialId', translate(encode(credential_id, 'base64'), E'+/=\\n', '-_'),
           'transports', transports, 'name', name) ORDER BY last_used_at DESC NULLS LAST, created_at)
         FROM passkeys WHERE person_id = $1), '[]') AS passkeys`,
    [personId],
    'read-factors',
  );
  return row ?? { totp: false, recoveryCodesLeft: 0, passkeys: [] };
}

export function hasSecondFactor({ totp, passkeys }: Factors): boolean {
  return totp || passkeys.length > 0;
}
