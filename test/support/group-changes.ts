import fc from 'fast-check';
import { changeNestings } from '../../src/domain/groups/nest-groups.ts';
import { removeGroups } from '../../src/domain/groups/remove-groups.ts';
import { type GroupChange, saveGroups } from '../../src/domain/groups/save-groups.ts';
import { listOperators, saveOperators } from '../../src/domain/operators/save-operators.ts';
import type { Transaction } from '../../src/platform/database/database.ts';
import { nameKey } from '../../src/platform/text/names.ts';
import {
  type Change,
  type Found,
  GROUPS,
  group,
  groupsOf,
  HASHES,
  isCalled,
} from './people-change.ts';
import type { PeopleFile } from './people-state.ts';

const OPERATORS = ['ops@hub.example', 'second@hub.example'];

/** A change of one group that is there. */
function ofGroup(
  says: string,
  which: string,
  command: (tx: Transaction, at: Found, id: string) => Promise<unknown>,
  inFile: (row: Record<string, unknown>, file: PeopleFile) => void,
): Change {
  return {
    says: `group ${which}: ${says}`,
    about: [which],
    async byCommand(tx, at) {
      const id = await at.group(which);
      if (id !== undefined) await command(tx, at, id);
    },
    inFile(file) {
      const row = groupsOf(file).find(isCalled(which));
      if (row !== undefined) inFile(row, file);
    },
  };
}

const saveGroup = (change: GroupChange) => (tx: Transaction, at: Found, id: string) =>
  saveGroups(tx, at.id, [{ id, ...change }], 'cli');

export const groupChange = fc.oneof(
  fc.constantFrom(...GROUPS, '  ', 'x'.repeat(129), 'two\nlines').map((name): Change => {
    let isNew = true;
    return {
      says: `new group ${JSON.stringify(name)}`,
      about: [name],
      async byCommand(tx, at) {
        isNew = (await at.group(name)) === undefined;
        if (isNew) await saveGroups(tx, at.id, [{ name }], 'cli');
      },
      inFile(file) {
        if (isNew) groupsOf(file).push({ name });
      },
    };
  }),
  fc
    .tuple(group, fc.constantFrom(null, 'Qui décide', 'x'.repeat(1001)))
    .map(([which, description]) =>
      ofGroup('description', which, saveGroup({ description }), (row) => {
        row.description = description;
      }),
    ),
  fc
    .tuple(group, fc.constantFrom('closed' as const, 'request' as const, 'open' as const))
    .map(([which, joining]) =>
      ofGroup('joining', which, saveGroup({ joining }), (row) => {
        row.joining = joining;
      }),
    ),
  fc.tuple(group, fc.constantFrom(null, 0, 1, 2)).map(([which, seats]) =>
    ofGroup('seats', which, saveGroup({ seats }), (row) => {
      row.seats = seats;
    }),
  ),
  group.map((which) =>
    ofGroup('spelling', which, saveGroup({ name: which.toUpperCase() }), (row) => {
      row.name = which.toUpperCase();
    }),
  ),
  group.map((which) =>
    ofGroup(
      'gone',
      which,
      (tx, at, id) => removeGroups(tx, at.id, [id], 'cli'),
      (_row, file) => {
        const others = (names: unknown) =>
          (names as string[]).filter((name) => nameKey(name) !== nameKey(which));
        const [community] = file.communities;
        if (community === undefined) return;
        community.groups = groupsOf(file).filter((row) => !isCalled(which)(row));
        for (const row of [...community.groups, ...community.members])
          row.groups = others(row.groups);
      },
    ),
  ),
  fc.tuple(group, group, fc.boolean()).map(
    ([child, parent, into]): Change => ({
      says: `group ${child} ${into ? 'into' : 'out of'} ${parent}`,
      about: [child, parent],
      async byCommand(tx, at) {
        const [childId, parentId] = [await at.group(child), await at.group(parent)];
        if (childId === undefined || parentId === undefined) return;
        const nesting = [{ parentId, childId }];
        await changeNestings(tx, at.id, into ? { add: nesting } : { remove: nesting }, 'cli');
      },
      inFile(file) {
        const row = groupsOf(file).find(isCalled(parent));
        if (row === undefined || !groupsOf(file).some(isCalled(child))) return;
        const rest = (row.groups as string[]).filter((name) => nameKey(name) !== nameKey(child));
        row.groups = into ? [...rest, child] : rest;
      },
    }),
  ),
);

export const operatorChange = fc
  .tuple(fc.constantFrom(...OPERATORS), fc.constantFrom('gone', ...HASHES))
  .map(
    ([email, to]): Change => ({
      says: `operator ${email}: ${to}`,
      about: ['operators'],
      async byCommand(tx) {
        const known = (await listOperators(tx)).find((operator) => operator.email === email);
        if (to === 'gone') {
          if (known) await saveOperators(tx, [{ id: known.id, remove: true }], 'cli');
        } else if (known === undefined) {
          await saveOperators(tx, [{ email, passwordHash: to }], 'cli');
        } else if (known.passwordHash !== to) {
          await saveOperators(tx, [{ id: known.id, passwordHash: to }], 'cli');
        }
      },
      inFile(file) {
        file.operators = file.operators.filter((operator) => operator.email !== email);
        if (to !== 'gone') file.operators.push({ email, passwordHash: to });
      },
    }),
  );
