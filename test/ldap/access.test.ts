import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Community, Service } from '../../src/domain/communities/community.ts';
import { accessTo, allGroupIds, type Member } from '../../src/domain/memberships/member.ts';
import { mayUse } from '../../src/protocols/ldap/directory/access-rule.ts';
import { allGroups, findPerson } from '../../src/protocols/ldap/directory/directory.ts';
import { updatePeople } from '../../src/protocols/ldap/directory/update-people.ts';
import { makeDirectory } from '../../src/protocols/ldap/directory/update-structure.ts';

const GROUPS = ['g0', 'g1', 'g2', 'g3', 'g4'];
const SUBJECT = '00000000-0000-4000-8000-000000000001';

const cases = fc.record({
  access: fc.constantFrom('everyone', 'groups', 'approval'),
  accessGroupIds: fc.subarray(GROUPS),
  // Cycles and all: what the database could hold if a constraint were missing.
  parents: fc.array(fc.subarray(GROUPS), { minLength: 5, maxLength: 5 }),
  groupIds: fc.subarray(GROUPS),
  account: fc.option(fc.constantFrom('requested', 'active', 'blocked', 'removed')),
});

it('whom a reader sees is whom sign-in lets in, for every rule, nesting and account', () => {
  fc.assert(
    fc.property(cases, ({ access, accessGroupIds, parents, groupIds, account }) => {
      const times = { createdAt: 0, updatedAt: 0 };
      const directory = makeDirectory('c', {
        ...{
          slug: 's',
          name: 'S',
          base: 'o=s',
          passwordBind: false,
          secondFactor: 'optional',
          secondFactorFrom: null,
          openToOperators: false,
        },
        ...{ primaryGroupId: null, home: null, shell: null, ...times },
        groups: GROUPS.map((id, index) => ({
          ...{ id, name: id, description: null, gidNumber: null, ...times },
          parents: parents[index] ?? [],
        })),
        services: [
          {
            ...{ id: 'v', slug: 'v', name: 'V', description: null, readerHash: null, ...times },
            access: access as Service['access'],
            accessGroupIds,
          },
        ],
      });
      updatePeople(directory, [
        {
          ...{ subject: SUBJECT, username: 'a', displayName: 'A', givenName: null, mail: null },
          ...{
            familyName: null,
            locale: null,
            passwordChangedAt: 0,
            isAdmin: false,
            secondFactor: false,
            uidNumber: null,
            ...times,
          },
          groupIds,
          accounts: account === null ? null : ['v', account],
          appPasswordIds: null,
          endsIn: null,
        },
      ]);
      const person = findPerson(directory, SUBJECT);
      const rule = directory.servicesById[0]?.rule;
      if (person === undefined || rule === undefined) throw new Error('not there');

      const community = {
        state: 'active',
        groups: new Map(
          GROUPS.map((id, index) => [id, { name: id, parents: parents[index] ?? [] }]),
        ),
      } as unknown as Community;
      const service = { id: 'v', access, accessGroupIds } as unknown as Service;
      const accounts = account === null ? {} : { v: account };
      const member = { status: 'active', groupIds, accounts } as unknown as Member;
      expect(mayUse(rule, person)).toBe(accessTo(community, service, member).allowed);
      expect(new Set(allGroups(person).map(({ id }) => id))).toEqual(
        allGroupIds(community, member),
      );
    }),
  );
});
