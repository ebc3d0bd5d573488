import fc from 'fast-check';
import { addMember } from '../../src/domain/memberships/add-member.ts';
import type { ChangedMember } from '../../src/domain/memberships/member-change.ts';
import { renameMember } from '../../src/domain/memberships/rename-member.ts';
import { saveMembers } from '../../src/domain/memberships/save-members.ts';
import { setMemberRole } from '../../src/domain/memberships/set-member-role.ts';
import { setMemberStatus } from '../../src/domain/memberships/set-member-status.ts';
import { setPassword } from '../../src/domain/memberships/set-password.ts';
import { decideRequest } from '../../src/domain/registration/decide-request.ts';
import type { Transaction } from '../../src/platform/database/database.ts';
import { nameKey } from '../../src/platform/text/names.ts';
import { groupChange, operatorChange } from './group-changes.ts';
import {
  type Change,
  type Found,
  group,
  groupsOf,
  HASHES,
  isCalled,
  membersOf,
} from './people-change.ts';

const USERNAMES = ['ana', 'Bob', 'cléo', 'dan'];
const EMAILS = ['a@lieu.example', 'A@lieu.example', 'b@lieu.example', 'c@lieu.example'];

const end = fc.constantFrom(null, '2020-01-31T12:00Z', '2090-01-31T12:00Z', '2091-01-31T12:00Z');
const username = fc.constantFrom(...USERNAMES);
const role = fc.constantFrom('member' as const, 'admin' as const, 'owner' as const);
const status = fc.constantFrom('requested', 'active', 'suspended', 'left') as fc.Arbitrary<Status>;
type Status = 'requested' | 'active' | 'suspended' | 'left';
const name = fc.constantFrom('Ana', ' Zoé\u00a0 Dupont', '\u202eturned', 'x'.repeat(101), '');

/** A change of one member: `toward` in a file, which a command makes of somebody who is there. */
function ofMember(
  says: string,
  who: string,
  toward: Record<string, unknown>,
  command: (
    tx: Transaction,
    at: Found,
    found: { subject: string; status: string },
  ) => Promise<unknown>,
): Change {
  return {
    says: `${who}: ${says} ${JSON.stringify(toward)}`,
    about: [who],
    async byCommand(tx, at) {
      const found = await at.member(who);
      if (found !== undefined) await command(tx, at, found);
    },
    inFile(file) {
      const row = membersOf(file).find(isCalled(who));
      if (row !== undefined) Object.assign(row, toward);
    },
  };
}

/** What somebody runs who wants a membership to be something, from where it is. */
function changeStatus(
  tx: Transaction,
  at: Found,
  member: { subject: string; status: string },
  to: Status,
) {
  const { subject, status: from } = member;
  if (from === to) return Promise.resolve();
  if (from === 'requested' && to !== 'suspended' && to !== 'requested') {
    const decision = to === 'active' ? ('admit' as const) : ('refuse' as const);
    return decideRequest(tx, at, { subject, decision }, 'cli');
  }
  // There is no command that makes a request of a member.
  if (to === 'requested') return saveMembers(tx, at, [{ subject, status: to }], 'cli');
  const back = from === 'left' ? 'return' : 'resume';
  const change = to === 'active' ? back : to === 'left' ? 'leave' : 'suspend';
  return setMemberStatus(tx, at.id, subject, change, 'cli');
}

const set =
  (values: Omit<ChangedMember, 'subject'>) =>
  (tx: Transaction, at: Found, { subject }: { subject: string }) =>
    saveMembers(tx, at, [{ subject, ...values }], 'cli');

const memberChange = fc.oneof(
  fc
    .tuple(username, role)
    .map(([who, to]) =>
      ofMember('role', who, { role: to }, (tx, at, { subject }) =>
        setMemberRole(tx, at.id, subject, to, 'cli'),
      ),
    ),
  fc
    .tuple(username, status)
    .map(([who, to]) =>
      ofMember('status', who, { status: to }, (tx, at, found) => changeStatus(tx, at, found, to)),
    ),
  fc.tuple(username, fc.constantFrom(...HASHES)).map(([who, hash]) =>
    ofMember('password', who, { passwordHash: hash }, async (tx, at, { subject }) => {
      const [row] = await tx.query(
        'SELECT password_hash AS hash FROM persons JOIN memberships ON person_id = id WHERE subject = $1',
        [subject],
      );
      // A file that says what is there already asks for nothing.
      if (row.hash !== hash)
        await setPassword(tx, at.id, subject, hash, 'cli', { issuerUrl: at.issuerUrl });
    }),
  ),
  fc
    .tuple(username, fc.constantFrom(null, 'nonsense', ...EMAILS))
    .map(([who, email]) =>
      ofMember(
        'email',
        who,
        { email },
        set({ email, ...(email !== null && { emailVerified: true }) }),
      ),
    ),
  fc
    .tuple(username, name)
    .map(([who, to]) => ofMember('name', who, { name: to }, set({ displayName: to }))),
  fc
    .tuple(username, fc.option(name))
    .map(([who, to]) => ofMember('given name', who, { givenName: to }, set({ givenName: to }))),
  fc
    .tuple(
      username,
      fc.constantFrom(null, 'Europe/Paris', 'Mars/Base'),
      fc.constantFrom(null, 'fr', 'en'),
    )
    .map(([who, zoneinfo, locale]) =>
      ofMember('times', who, { zoneinfo, locale }, set({ zoneinfo, locale })),
    ),
  fc
    .tuple(username, end)
    .map(([who, until]) =>
      ofMember('until', who, { until }, set({ until: until && new Date(until) })),
    ),
  fc
    // A plain member's role in a file whose end is past is over, and no mistake.
    .tuple(username, fc.constantFrom(null, '2090-01-31T12:00Z'))
    .map(([who, roleUntil]) =>
      ofMember(
        'role until',
        who,
        { roleUntil },
        set({ roleUntil: roleUntil && new Date(roleUntil) }),
      ),
    ),
  username.map((who) => {
    const other = who === who.toUpperCase() ? who.toLowerCase() : who.toUpperCase();
    return ofMember('spelling', who, { username: other }, (tx, at, { subject }) =>
      renameMember(tx, at.id, subject, other, 'cli'),
    );
  }),
);

const newMember = fc
  .record({
    username: fc.constantFrom(...USERNAMES, 'admin', 'two words'),
    name,
    email: fc.constantFrom(undefined, ...EMAILS),
    hash: fc.constantFrom(undefined, ...HASHES),
    role,
    status,
    group: fc.option(group, { nil: undefined }),
  })
  .map(({ username, name, email, hash, role, status, group }): Change => {
    let isNew = true;
    let into: string | undefined;
    return {
      says: `new: ${JSON.stringify({ username, name, email, role, status, group })}`,
      about: [username, group ?? ''],
      async byCommand(tx, at) {
        isNew = (await at.member(username)) === undefined;
        into = group !== undefined && (await at.group(group)) !== undefined ? group : undefined;
        if (!isNew) return;
        const groupIds = into === undefined ? [] : [(await at.group(into)) as string];
        const values = { username, displayName: name, email, emailVerified: true };
        const member = { ...values, passwordHash: hash, role, status, groupIds };
        await addMember(tx, at.id, member, 'cli');
      },
      inFile(file) {
        if (!isNew) return;
        const groups = into === undefined ? [] : [into];
        const entry = { username, name, email, passwordHash: hash, role, status, groups };
        membersOf(file).push(JSON.parse(JSON.stringify(entry)));
      },
    };
  });

const membership = fc.tuple(username, group, fc.boolean()).map(
  ([who, where, into]): Change => ({
    says: `${who} ${into ? 'into' : 'out of'} ${where}`,
    about: [who, where],
    async byCommand(tx, at) {
      const [member, id] = [await at.member(who), await at.group(where)];
      if (member === undefined || id === undefined) return;
      const groups = into ? { add: [id] } : { remove: [id] };
      await saveMembers(tx, at, [{ subject: member.subject, groups }], 'cli');
    },
    inFile(file) {
      const row = membersOf(file).find(isCalled(who));
      if (row === undefined || !groupsOf(file).some(isCalled(where))) return;
      const rest = (row.groups as string[]).filter((name) => nameKey(name) !== nameKey(where));
      row.groups = into ? [...rest, where] : rest;
    },
  }),
);

export const change: fc.Arbitrary<Change> = fc.oneof(
  { arbitrary: memberChange, weight: 8 },
  { arbitrary: newMember, weight: 3 },
  { arbitrary: membership, weight: 3 },
  { arbitrary: groupChange, weight: 4 },
  { arbitrary: operatorChange, weight: 1 },
);
