import type { Outcome } from './output.ts';
import { plural, table } from './output.ts';
import { withHub } from './with-hub.ts';

export function listRequests(slug: string): Promise<Outcome> {
  return withHub(async ({ database }) => {
    const { requireCommunity } = await import('./resolve.ts');
    const { listEntryRequests } = await import('../domain/groups/group-store.ts');
    const community = await requireCommunity(database, slug);
    const requests = await listEntryRequests(database, community.id);
    const rows = requests.map(({ group, username, displayName, requestedAt }) => [
      group,
      username,
      displayName,
      requestedAt.toISOString(),
    ]);
    const list = rows.length > 0 ? `${table(['GROUP', 'USERNAME', 'NAME', 'SINCE'], rows)}\n` : '';
    return { text: `${list}${plural(rows.length, 'request')}.`, value: requests };
  });
}

/** What is said of each outcome, and which of them changed something. */
type Says = (username: string, group: string) => string;

const ANSWERS: Record<'admit' | 'refuse', Says> = {
  admit: (username, group) => `${username} is in ${group} now.`,
  refuse: (username, group) => `${username} is told that they do not come into ${group}.`,
};

export function answer(
  slug: string,
  group: string,
  member: string,
  verb: 'admit' | 'refuse',
): Promise<Outcome> {
  return withEntry(slug, group, member, async ({ database, place, tie, username, name }) => {
    const { answerEntry } = await import('../domain/groups/answer-entry.ts');
    const answering = { admit: verb === 'admit', who: 'cli' } as const;
    const changed = await database.transaction((tx) => answerEntry(tx, place, tie, answering));
    const none = `${username} does not ask to come into ${name}; nothing was changed.`;
    const text = changed ? ANSWERS[verb](username, name) : none;
    return { text, value: { subject: tie.subject, group: name, changed } };
  });
}

export function enterOrLeave(
  slug: string,
  group: string,
  member: string,
  verb: 'enter' | 'leave',
): Promise<Outcome> {
  return withEntry(slug, group, member, async ({ database, place, tie, username, name }) => {
    const { enterGroup, leaveGroup } = await import('../domain/groups/enter-group.ts');
    const subject = tie.subject;
    if (verb === 'enter') {
      const state = await database.transaction((tx) => enterGroup(tx, place, tie, 'cli'));
      const text = `${username} ${state === 'in' ? 'is in' : 'asks to come into'} ${name}.`;
      return { text, value: { subject, group: name, state } };
    }
    const changed = await database.transaction((tx) => leaveGroup(tx, place, tie, 'cli'));
    const text = changed
      ? `${username} is in ${name} no longer, and does not ask to be.`
      : `${username} was not in ${name}; nothing was changed.`;
    return { text, value: { subject, group: name, changed } };
  });
}

type Entry = {
  database: Parameters<Parameters<typeof withHub>[0]>[0]['database'];
  place: { id: string; issuerUrl: string };
  tie: { groupId: string; subject: string };
  username: string;
  name: string;
};

function withEntry(
  slug: string,
  group: string,
  member: string,
  work: (entry: Entry) => Promise<Outcome>,
): Promise<Outcome> {
  return withHub(async ({ config, database }) => {
    const { requireCommunity, requireGroup, requireMember } = await import('./resolve.ts');
    const { communityAddress } = await import('../domain/communities/community-address.ts');
    const community = await requireCommunity(database, slug);
    const { id: groupId, name } = await requireGroup(database, community, group);
    const { subject, username } = await requireMember(database, community, member);
    const issuerUrl = await communityAddress(database, config.url, community.id);
    const place = { id: community.id, issuerUrl };
    return work({ database, place, tie: { groupId, subject }, username, name });
  });
}
