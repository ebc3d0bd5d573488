import type { Locale } from '../../platform/i18n/locale.ts';
import { enqueue } from '../../platform/outbox/outbox.ts';
import type { BrowserKey } from '../passkeys/challenge.ts';
import type { PasskeyPlace } from '../passkeys/passkey-place.ts';
import { findOperatorPasskey, type OperatorOwner } from '../passkeys/passkey-store.ts';
import type { FactorHolder } from '../second-factors/holder.ts';
import { endSessionsOfPersons } from '../second-factors/other-sessions.ts';

/** No community's id: what was asked for the console counts for no member, nor the other way round. */
const REALM = 'operators';

/** An operator as the holder of second factors: their messages are in the language that they read. */
export function operatorHolder(
  { id, personId, email }: { id: string; personId: string; email: string },
  locale: Locale,
): FactorHolder {
  return {
    personId,
    event: (told) => ({ actor: `operator:${id}`, ...told }),
    async notify(tx, { template, data }) {
      const payload = {
        to: email,
        locale,
        template: 'operator-factors' as const,
        data: { ...data, change: template },
      };
      await enqueue(tx, [{ kind: 'operator-mail', communityId: null, payload }]);
    },
    async endOthers(tx, uid) {
      await endSessionsOfPersons(tx, [{ personId, kept: { operatorSession: uid } }]);
    },
    async settleOthers(tx, { others, uid }) {
      await endSessionsOfPersons(tx, [{ personId, kept: { operatorSession: uid }, others }]);
    },
  };
}

/** The operators' console as a place of passkeys: the hub's own host, which communities may share. */
export function operatorPlace(
  { origin, hostname }: { origin: string; hostname: string },
  browserKey: () => BrowserKey,
): PasskeyPlace<OperatorOwner> {
  return {
    realm: REALM,
    name: `Trousseau (${hostname})`,
    origin,
    rpIds: [hostname],
    browserKey,
    find: findOperatorPasskey,
    event: (told) => ({ actor: 'anonymous', ...told }),
  };
}
