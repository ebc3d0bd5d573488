import { beforeEach, expect, it } from 'vitest';
import { saveGroups } from '../src/domain/groups/save-groups.ts';
import { createInvitation } from '../src/domain/invitations/create-invitation.ts';
import { findInvitation } from '../src/domain/invitations/invitation-store.ts';
import { revokeInvitation } from '../src/domain/invitations/revoke-invitation.ts';
import { useInvitation } from '../src/domain/invitations/use-invitation.ts';
import { addMember } from '../src/domain/memberships/add-member.ts';
import { setMemberStatus } from '../src/domain/memberships/set-member-status.ts';
import type { Transaction } from '../src/platform/database/database.ts';
import {
  type BuiltCommunity,
  type BuiltMember,
  buildCommunity,
  buildGroup,
  buildMember,
} from './support/factories.ts';
import { useHub } from './support/use-hub.ts';

const hub = useHub({ env: { TROUSSEAU_ROLES: 'web' } });
let community: BuiltCommunity;
let manager: BuiltMember;
let garden: string;
let office: string;

const inTx = <Result>(work: (tx: Transaction) => Promise<Result>) => hub.database.transaction(work);

beforeEach(async () => {
  community = await buildCommunity(hub.database);
  manager = await buildMember(hub.database, community.id);
  garden = (await buildGroup(hub.database, community.id)).id;
  office = (await buildGroup(hub.database, community.id)).id;
  await manage({ add: [manager.subject] });
});

const manage = (managers: { add?: string[]; remove?: string[] }) =>
  inTx((tx) => saveGroups(tx, community.id, [{ id: garden, managers }], 'cli'));

function invite(groupIds: string[], role: 'member' | 'admin' = 'member', by = manager.subject) {
  const wish = { label: 'Au jardin', role, groupIds, maxUses: null, days: 30 };
  return inTx((tx) =>
    createInvitation(tx, hub.sealer, community.id, wish, { subject: by, role: 'member' }),
  );
}
const stateOf = async ({ token }: { token: string }) =>
  (await findInvitation(hub.database, community.id, token))?.state;
const use = ({ token }: { token: string }) => inTx((tx) => useInvitation(tx, community.id, token));

it("a group's manager invites plain members into that group, and into nothing else", async () => {
  const made = await invite([garden]);
  expect(await stateOf(made)).toBe('open');
  expect(await use(made)).toMatchObject({ role: 'member', groupIds: [garden] });
  for (const groups of [[], [office], [garden, office]])
    await expect(invite(groups)).rejects.toThrow('only an owner');
  await expect(invite([garden], 'admin')).rejects.toThrow('only an owner');
  const other = await buildMember(hub.database, community.id);
  await expect(invite([garden], 'member', other.subject)).rejects.toThrow('only an owner');
});

it('ends invitations of their own, and nobody else’s into other groups', async () => {
  const by = { subject: manager.subject, role: 'member' as const };
  const [mine, theirs] = [
    await invite([garden]),
    await inTx((tx) =>
      createInvitation(
        tx,
        hub.sealer,
        community.id,
        { label: 'Partout', role: 'member', groupIds: [office], maxUses: null, days: 3 },
        'cli',
      ),
    ),
  ];
  expect(await inTx((tx) => revokeInvitation(tx, community.id, mine.id, by))).toBe(true);
  await expect(inTx((tx) => revokeInvitation(tx, community.id, theirs.id, by))).rejects.toThrow(
    'only an owner',
  );
});

const setStatus = (change: 'suspend' | 'resume') =>
  inTx((tx) => setMemberStatus(tx, community.id, manager.subject, change, 'cli'));

it.each<[string, () => Promise<unknown>, () => Promise<unknown>]>([
  [
    'the group is not theirs any more',
    () => manage({ remove: [manager.subject] }),
    () => manage({ add: [manager.subject] }),
  ],
  ['they are suspended', () => setStatus('suspend'), () => setStatus('resume')],
])('what they made ends, for good, when %s', async (_, end, takeBack) => {
  const made = await invite([garden]);
  await end();
  expect(await stateOf(made)).toBe('revoked');
  await takeBack();
  expect(await stateOf(made)).toBe('revoked');
  expect(await use(made)).toBeUndefined();
});

it('whoever comes by an invitation finds a seat, or does not come in', async () => {
  await inTx((tx) => saveGroups(tx, community.id, [{ id: garden, seats: 1 }], 'cli'));
  const made = await invite([garden]);
  const come = (username: string) =>
    inTx(async (tx) => {
      const given = await useInvitation(tx, community.id, made.token);
      const groupIds = given?.groupIds ?? [];
      return addMember(tx, community.id, { username, displayName: username, groupIds }, 'hub');
    });
  await come('premiere');
  await expect(come('seconde')).rejects.toThrow('finds no seat');
  const [row] = await hub.database.query('SELECT uses FROM invitations WHERE id = $1', [made.id]);
  expect(row).toEqual({ uses: 1 });
});
