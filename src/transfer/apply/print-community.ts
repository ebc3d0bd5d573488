import { stringify } from 'yaml';
import { type CommunityRow, readCommunity } from '../../domain/communities/community-rows.ts';
import { findCommunityBySlug } from '../../domain/communities/list-communities.ts';
import { MOVED } from '../../domain/communities/lock-communities.ts';
import { tellSettings } from '../../domain/communities/tell-settings.ts';
import { writeUntil } from '../../domain/ends/until.ts';
import { NotFoundError, RefusedError } from '../../domain/errors.ts';
import { listGroups } from '../../domain/groups/group-store.ts';
import { pageOfMembers, type ToldMember } from '../../domain/memberships/page-of-members.ts';
import { readServices } from '../../domain/services/service-rows.ts';
import type { Database, Transaction } from '../../platform/database/database.ts';
import { printedService } from './print-service.ts';

/** Members that are held at once. */
const TOGETHER = 500;

/**
 * Writes the present state of a community as a file that `apply` takes (docs/apply.md), and by which it changes nothing
 * as long as that is the state. What apply keeps where a file says nothing of it is left out: passwords, secrets, the
 * logo, addresses that nobody vouches for, who has left, guests. A city's members are written some at a time.
 * @param write takes the next piece, and waits until there is room for it
 * @throws NotFoundError when there is no community of that slug
 * @throws RefusedError `state` for one that moved: no file changes it any more
 */
export async function printCommunity(
  database: Database,
  slug: string,
  write: (text: string) => Promise<void>,
): Promise<void> {
  await database.transaction(async (tx) => {
    // One state, however long it takes to write it down.
    await tx.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY');
    const found = await findCommunityBySlug(tx, slug);
    const row = found && (await readCommunity(tx, found.id));
    if (row === undefined) throw new NotFoundError('community', slug);
    if (row.state === 'moved') throw new RefusedError('state', `"${slug}" ${MOVED}`);
    await write(`${HEAD}version: 1\ncommunities:\n`);
    await write(indented([printedCommunity(row)], 2));
    await writeList(write, 'groups', await printedGroups(tx, row));
    await writeMembers(tx, row.id, write);
    const services = await readServices(tx, row.id);
    const names = new Map((await listGroups(tx, row.id)).map(({ id, name }) => [id, name]));
    await writeList(
      write,
      'services',
      services.map((service) => printedService(service, names)),
    );
  });
}

const HEAD = `# What \`trousseau apply\` keeps is not here: passwords, secrets, the logo, who has left, and addresses that nobody
# vouches for. A new hub needs them: see docs/apply.md.
`;

type Write = (text: string) => Promise<void>;

async function writeList(write: Write, key: string, items: readonly object[]): Promise<void> {
  if (items.length === 0) return;
  await write(`    ${key}:\n`);
  await write(indented(items, 6));
}

async function writeMembers(tx: Transaction, communityId: string, write: Write): Promise<void> {
  let after: string | undefined;
  do {
    const members = await pageOfMembers(tx, communityId, { after, limit: TOGETHER });
    if (members.length > 0 && after === undefined) await write('    members:\n');
    if (members.length > 0) await write(indented(members.map(printedMember), 6));
    after = members.length === TOGETHER ? members.at(-1)?.key : undefined;
  } while (after !== undefined);
}

/** A list in YAML, so many spaces from the edge. */
function indented(items: readonly object[], spaces: number): string {
  // No line is folded: what is one line stays one, and is found by who looks for it.
  const text = stringify(items, { lineWidth: 0, aliasDuplicateObjects: false });
  return text.replaceAll(/^(?=.)/gm, ' '.repeat(spaces));
}

/** A file says one thing more than the API: numbers for clients that log people in to machines. */
function printedCommunity(row: CommunityRow): object {
  const told = tellSettings(row);
  return { ...told, ldap: { ...told.ldap, posix: row.posix } };
}

async function printedGroups(tx: Transaction, { id }: CommunityRow): Promise<object[]> {
  const groups = await listGroups(tx, id);
  return groups.map(({ name, description, children, joining, seats, managers }) => ({
    name,
    description,
    joining,
    seats,
    managers,
    groups: children,
  }));
}

function printedMember({ key: _, displayName, email, emailVerified, ...row }: ToldMember): object {
  const { username, givenName, familyName, nickname, role, status, groups, locale, zoneinfo } = row;
  const { until, roleUntil } = row;
  return {
    username,
    name: displayName,
    givenName,
    familyName,
    nickname,
    // Whoever writes an address into a file vouches for it.
    ...((email === null || emailVerified) && { email }),
    role,
    roleUntil: roleUntil && writeUntil(roleUntil),
    status,
    until: until && writeUntil(until),
    groups: groups.map((group) =>
      group.until === null
        ? group.name
        : { name: group.name, until: writeUntil(new Date(group.until)) },
    ),
    locale,
    zoneinfo,
  };
}
