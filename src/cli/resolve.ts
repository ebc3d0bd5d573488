import type { Service } from '../domain/communities/community.ts';
import {
  findCommunityBySlug,
  type ListedCommunity,
} from '../domain/communities/list-communities.ts';
import { findGroupByName, type Group } from '../domain/groups/group-store.ts';
import {
  findByLogin,
  findBySubject,
  type Membership,
} from '../domain/memberships/membership-store.ts';
import { findServiceBySlug } from '../domain/services/service-store.ts';
import type { Queryable } from '../platform/database/database.ts';
import { isUuid } from '../platform/text/uuid.ts';
import { CommandError } from './command-error.ts';

export async function requireCommunity(db: Queryable, slug: string): Promise<ListedCommunity> {
  const community = await findCommunityBySlug(db, slug);
  if (community === undefined) {
    throw new CommandError(
      `there is no community "${slug}"; "trousseau community list" names them`,
    );
  }
  return community;
}

/** @param name a username, an e-mail address or a subject */
export async function requireMember(
  db: Queryable,
  community: ListedCommunity,
  name: string,
): Promise<Membership> {
  const member =
    (await findByLogin(db, community.id, name)) ??
    (isUuid(name) ? await findBySubject(db, community.id, name) : undefined);
  if (member === undefined) {
    throw new CommandError(`there is no member "${name}" in ${community.slug}`);
  }
  return member;
}

export async function requireGroup(
  db: Queryable,
  community: ListedCommunity,
  name: string,
): Promise<Group> {
  const group = await findGroupByName(db, community.id, name);
  if (group === undefined) {
    throw new CommandError(`there is no group "${name}" in ${community.slug}`);
  }
  return group;
}

export async function requireService(
  db: Queryable,
  community: ListedCommunity,
  slug: string,
): Promise<Service> {
  const service = await findServiceBySlug(db, community.id, slug);
  if (service === undefined) {
    throw new CommandError(`there is no service "${slug}" in ${community.slug}`);
  }
  return service;
}
