import type { Config } from '../../platform/config/config.ts';
import type { Queryable } from '../../platform/database/database.ts';
import type { AuditEvent, Told } from '../../platform/events/record-event.ts';
import type { CommunityAt } from '../communities/issuer.ts';
import type { BrowserKey } from './challenge.ts';
import { findMemberPasskey, type MemberOwner, type StoredPasskey } from './passkey-store.ts';
import { relyingPartiesOf } from './relying-party.ts';

/** Where somebody signs in or makes a passkey, by which browser; `Owner` is what is known there of a passkey's. */
export type PasskeyPlace<Owner = unknown> = {
  /** Of challenges: what is answered in one realm counts in no other, though both be on one host. */
  realm: string;
  /** As people know it. */
  name: string;
  /** Of its pages, related origins or not: answers are given there. */
  origin: string;
  /** RP IDs whose passkeys count; what is made here is of the first. */
  rpIds: readonly [string, ...string[]];
  browserKey(): BrowserKey;
  /** The passkey of an RP ID that an authenticator names, if its owner is somebody here. */
  find(
    db: Queryable,
    rpId: string,
    credentialId: string,
  ): Promise<(StoredPasskey & Owner) | undefined>;
  /** What somebody unknown did to an owner. */
  event(told: Told, owner: Owner): AuditEvent;
};

export function communityPlace(
  config: Pick<Config, 'url'>,
  { community, issuer, browserKey }: CommunityAt & { browserKey(): BrowserKey },
): PasskeyPlace<MemberOwner> {
  const [here, ...others] = relyingPartiesOf(config, community, issuer).map(({ rpId }) => rpId);
  const { id: communityId, name } = community;
  return {
    realm: communityId,
    name,
    origin: new URL(issuer.url).origin,
    rpIds: [here as string, ...others],
    browserKey,
    find: (db, rpId, credentialId) => findMemberPasskey(db, communityId, rpId, credentialId),
    event: (told, { subject }) => ({ communityId, actor: 'anonymous', subject, ...told }),
  };
}
