import type { Database } from '../../platform/database/database.ts';
import { communityAddress } from '../communities/community-address.ts';
import type { MailData } from '../notices/mail.ts';
import { notifyAdmins } from '../notices/notify-admins.ts';
import { notifyMembers } from '../notices/notify-member.ts';
import { communitiesToTell, type NearEnd, takeDay, takeNearEnds, toLine } from './near-ends.ts';

/** How many ends are told of in one transaction. */
const BATCH = 500;
/** More make a message that nobody reads. */
const MOST_LINES = 50;

type Options = { signal?: AbortSignal; batch?: number };

/**
 * Writes to members 30, 7 and 1 days before something of theirs ends: one message of all that is due at once.
 * @returns of how many ends
 */
export async function tellMembersOfEnds(
  database: Database,
  hubUrl: URL,
  { signal, batch = BATCH }: Options = {},
): Promise<number> {
  let told = 0;
  while (!signal?.aborted) {
    const count = await database.transaction(async (tx) => {
      const ends = await takeNearEnds(tx, 'member', { limit: batch });
      for (const [communityId, some] of Map.groupBy(ends, (end) => end.communityId)) {
        const issuerUrl = await communityAddress(tx, hubUrl, communityId);
        const message = { communityId, issuerUrl, template: 'ends-near' as const };
        const notices = [...Map.groupBy(some, ({ subject }) => subject)].map(
          ([subject, theirs]) => ({
            subject,
            data: toData(theirs),
          }),
        );
        await notifyMembers(tx, message, notices);
      }
      return ends.length;
    });
    if (count === 0) break;
    told += count;
  }
  return told;
}

/**
 * Writes to the admins of each community what ends there soon: one message a day at the most, and none without
 * anything new.
 * @returns to how many communities
 */
export async function tellAdminsOfEnds(
  database: Database,
  hubUrl: URL,
  { signal, batch = 10 * BATCH }: Options = {},
): Promise<number> {
  let told = 0;
  for (const communityId of await communitiesToTell(database)) {
    if (signal?.aborted) break;
    told += await database.transaction(async (tx) => {
      if (!(await takeDay(tx, communityId))) return 0;
      const ends = await takeNearEnds(tx, 'admins', { communityId, limit: batch });
      if (ends.length === 0) return 0;
      const issuerUrl = await communityAddress(tx, hubUrl, communityId);
      const message = { communityId, issuerUrl, template: 'ends-digest' as const };
      await notifyAdmins(tx, { ...message, data: toData(ends) });
      return 1;
    });
  }
  return told;
}

function toData(ends: readonly NearEnd[]): MailData {
  const left = ends.length - MOST_LINES;
  return { lines: ends.slice(0, MOST_LINES).map(toLine), ...(left > 0 && { left }) };
}
