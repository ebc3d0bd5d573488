import type { Transaction } from '../../platform/database/database.ts';
import { recordEvents } from '../../platform/events/record-event.ts';
import type { Locale } from '../../platform/i18n/locale.ts';
import { enqueue } from '../../platform/outbox/outbox.ts';
import { nameKey } from '../../platform/text/names.ts';
import { mail } from '../notices/mail.ts';
import { startMailCooldown } from '../notices/mail-cooldown.ts';
import { isAnothersAddress, listAddresses } from './address-store.ts';

/** Addresses that a person can have. */
export const MOST_ADDRESSES = 10;
const LINK_HOURS = 24;
/** One address is written to no oftener, whoever asks. */
const PAUSE_MINUTES = 2;

export type Asker = {
  communityId: string;
  issuerUrl: string;
  personId: string;
  subject: string;
  username: string;
  displayName: string;
  /** Of the page at hand: nobody knows what the address's owner reads. */
  locale: Locale;
};

/**
 * Adds an address to a person, and sends a link to it that proves it. The address of another member of the
 * community gets another message: who typed it is told the same either way.
 * @param choose whether the community uses it as soon as it is proven
 * @returns what stands in the way; undefined when the message is on its way
 */
export async function addAddress(
  tx: Transaction,
  asker: Asker,
  address: string,
  choose: boolean,
): Promise<'yours' | 'too-many' | undefined> {
  const { communityId, personId, subject } = asker;
  // Two requests at once count together.
  await tx.query('SELECT 1 FROM persons WHERE id = $1 FOR NO KEY UPDATE', [personId]);
  const own = await listAddresses(tx, personId);
  const known = own.find((one) => nameKey(one.address) === nameKey(address));
  if (known?.standing === 'proven') return 'yours';
  if (known === undefined) {
    if (own.length >= MOST_ADDRESSES) return 'too-many';
    await tx.query('INSERT INTO person_emails (person_id, address) VALUES ($1, $2)', [
      personId,
      address,
    ]);
    // Without the address: the community learns it when it is chosen there.
    await recordEvents(tx, [
      { communityId, type: 'email.added', actor: `member:${subject}`, subject },
    ]);
  }
  await sendProof(tx, asker, known?.address ?? address, choose);
  return undefined;
}

/** Sends the link that proves an address of the person's. @returns false when it is none, or proven */
export async function sendProofAgain(
  tx: Transaction,
  asker: Asker,
  address: string,
): Promise<boolean> {
  const own = await listAddresses(tx, asker.personId);
  const known = own.find((one) => one.address === address);
  if (known === undefined || known.standing === 'proven') return false;
  await sendProof(tx, asker, address, false);
  return true;
}

async function sendProof(
  tx: Transaction,
  asker: Asker,
  address: string,
  choose: boolean,
): Promise<void> {
  const { communityId, issuerUrl, subject, locale, username, displayName } = asker;
  const whom = `${communityId}\0${nameKey(address)}`;
  if (!(await startMailCooldown(tx, 'verification-mail', whom, PAUSE_MINUTES))) return;
  const base = { communityId, issuerUrl, to: address, locale };
  if (await isAnothersAddress(tx, communityId, subject, address)) {
    const data = { standing: 'taken' };
    await enqueue(tx, [mail({ ...base, template: 'registration-known', data })]);
    return;
  }
  const link = { kind: 'verification' as const, subject, details: { choose }, hours: LINK_HOURS };
  const data = { asked: 'added', username, displayName };
  await enqueue(tx, [mail({ ...base, template: 'verification', link, data })]);
}
