import { mayUse } from './access-rule.ts';
import {
  allGroups,
  allMembers,
  type Directory,
  type Group,
  type Person,
  type Service,
} from './directory.ts';

/**
 * What somebody who is bound may see of a community. Groups are seen when somebody in them is; of their
 * members, those who are seen.
 */
export type View = {
  seesPerson(person: Person): boolean;
  seesGroup(group: Group): boolean;
  seesService(service: Service): boolean;
};

/** A service's reader sees those who may use the service now, and itself. */
export function viewOfService(directory: Directory, service: Service): View {
  const { rule } = service;
  return viewThrough(directory, {
    seesPerson: (person) => mayUse(rule, person),
    seesService: (other) => other === service,
  });
}

/** A person sees themselves, and the groups that they are in, with nobody else in them. */
export function viewOfPerson(directory: Directory, self: Person): View {
  return {
    seesPerson: (person) => person === self,
    seesGroup: (group) => allGroups(self).includes(group) || isPrimary(directory, group),
    seesService: () => false,
  };
}

/** An operators' reader sees a community whole, where the community allows that. */
export function viewOfAll(directory: Directory): View {
  return viewThrough(directory, { seesPerson: () => true, seesService: () => true });
}

function viewThrough(directory: Directory, view: Pick<View, 'seesPerson' | 'seesService'>): View {
  let version = -1;
  const seen = new Map<Group, boolean>();
  return {
    ...view,
    seesGroup(group) {
      if (version !== directory.version) {
        seen.clear();
        version = directory.version;
      }
      const known = seen.get(group);
      if (known !== undefined) return known;
      const sees = isPrimary(directory, group) || allMembers(group).some(view.seesPerson);
      seen.set(group, sees);
      return sees;
    },
  };
}

/** The group that every posixAccount names as its own is there for whoever resolves its number. */
function isPrimary(directory: Directory, group: Group): boolean {
  return directory.posix?.primaryGroup === group;
}
