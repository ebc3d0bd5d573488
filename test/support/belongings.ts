import { addAddress } from '../../src/domain/addresses/add-address.ts';
import { proveAddress } from '../../src/domain/addresses/prove-address.ts';
import { mintLink } from '../../src/domain/links/link-store.ts';
import { addMember } from '../../src/domain/memberships/add-member.ts';
import type { NewMember } from '../../src/domain/memberships/member-change.ts';
import { insertPasskey, type NewPasskey } from '../../src/domain/passkeys/passkey-store.ts';
import { storeTotp } from '../../src/domain/second-factors/totp.ts';
import { approveAccess, blockAccess } from '../../src/domain/services/decide-access.ts';
import type { Database } from '../../src/platform/database/database.ts';
import type { Sealer } from '../../src/platform/secrets/sealer.ts';
import type { BuiltMember } from './factories.ts';

/** The same person in another community, without an address there. @returns the subject */
export function buildElsewhere(
  db: Database,
  communityId: string,
  { personId, username }: Pick<BuiltMember, 'personId' | 'username'>,
  values: Partial<NewMember> = {},
): Promise<string> {
  const member = { personId, username, displayName: 'La même', ...values };
  return db.transaction((tx) => addMember(tx, communityId, member, 'cli'));
}

/** Another address of a member's, which they have added and, where it says so, proven. */
export function giveAddress(
  db: Database,
  communityId: string,
  { personId, subject, username }: BuiltMember,
  address: string,
  { isProven = false } = {},
): Promise<void> {
  const issuerUrl = 'http://localhost:8080/c/lieu';
  const asker = { communityId, issuerUrl, personId, subject, username, displayName: username };
  return db.transaction(async (tx) => {
    const refusal = await addAddress(tx, { ...asker, locale: 'fr' }, address, false);
    if (refusal !== undefined) throw new Error(`${address} was not added: ${refusal}`);
    if (!isProven) return;
    const link = { kind: 'verification' as const, subject, email: address, hours: 1 };
    await proveAddress(tx, { id: communityId, issuerUrl }, await mintLink(tx, communityId, link));
  });
}

/** An authenticator app whose codes nobody types. */
export function giveTotp(
  { database, sealer }: { database: Database; sealer: Sealer },
  { personId }: Pick<BuiltMember, 'personId'>,
): Promise<void> {
  const app = { secret: 'JBSWY3DPEHPK3PXP', step: 0 };
  return database.transaction((tx) => storeTotp(tx, sealer, personId, app));
}

/** A passkey that no authenticator has. @returns its id */
export async function givePasskey(
  db: Database,
  { personId }: Pick<BuiltMember, 'personId'>,
  values: Partial<NewPasskey> = {},
): Promise<string> {
  const passkey: NewPasskey = {
    personId,
    rpId: 'elsewhere.example',
    credentialId: Buffer.from(personId),
    publicKey: Buffer.from([3]),
    signCount: 0,
    transports: [],
    aaguid: '00000000-0000-0000-0000-000000000000',
    backupEligible: true,
    backedUp: true,
    name: 'Téléphone',
    ...values,
  };
  return (await db.transaction((tx) => insertPasskey(tx, passkey))) as string;
}

/** Lets a member in to a service, or keeps them out of it. */
export async function decideAccess(
  db: Database,
  communityId: string,
  place: { serviceId: string; subject: string },
  decision: 'active' | 'blocked' = 'active',
): Promise<void> {
  const decide = decision === 'active' ? approveAccess : blockAccess;
  await db.transaction((tx) => decide(tx, communityId, { ...place, issuerUrl: undefined }, 'cli'));
}
