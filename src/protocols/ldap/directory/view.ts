import { mayUse } from './access-rule.ts';
import {
  allGroups,
  type Directory,
  type Group,
  type Person,
  type Service,
  someMember,
} from './directory.ts';

/**
 * What somebody who is bound may see of a community. Groups are seen when somebody in them is; of their
 * members, those who are seen.
 */
export type View = {
  seesPerson(person: Person): boolean;
  seesGroup(group: Group): boolean;
  seesService(service: Service): boolean;
  /** Whether any of the people directly in a group is seen, or any at all; known once for each version. */
  seesDirectMember(group: Group): boolean;
  seesAnybody(): boolean;
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
    seesDirectMember: (group) => self.groups.includes(group),
    seesAnybody: () => true,
  };
}

/** An operators' reader sees a community whole, where the community allows that. */
export function viewOfAll(directory: Directory): View {
  return viewThrough(directory, { seesPerson: () => true, seesService: () => true });
}

function viewThrough(directory: Directory, view: Pick<View, 'seesPerson' | 'seesService'>): View {
  let version = -1;
  let seen = new Map<Group | Directory, boolean>();
  let direct = new Map<Group, boolean>();
  const once = <Key>(known: () => Map<Key, boolean>, key: Key, tell: () => boolean): boolean => {
    if (version !== directory.version) {
      seen = new Map();
      direct = new Map();
      version = directory.version;
    }
    const before = known().get(key);
    if (before !== undefined) return before;
    const sees = tell();
    known().set(key, sees);
    return sees;
  };
  return {
    ...view,
    seesGroup: (group) =>
      once(
        () => seen,
        group,
        () => isPrimary(directory, group) || someMember(group, view.seesPerson),
      ),
    seesDirectMember: (group) =>
      once(
        () => direct,
        group,
        () => group.members.some(view.seesPerson),
      ),
    seesAnybody: () =>
      once(
        () => seen,
        directory,
        () => directory.peopleBySubject.some(view.seesPerson),
      ),
  };
}

/** The group that every posixAccount names as its own is there for whoever resolves its number. */
function isPrimary(directory: Directory, group: Group): boolean {
  return directory.posix?.primaryGroup === group;
}
