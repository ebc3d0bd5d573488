import { writeUntil } from '../domain/ends/until.ts';
import type { Membership, Status } from '../domain/memberships/membership-store.ts';
import { groupInWords } from './group-in-words.ts';
import type { JsonOption } from './output.ts';
import { fields, type Outcome, plural, table } from './output.ts';
import { withHub } from './with-hub.ts';

export type ListOptions = JsonOption & {
  search?: string;
  status?: Status;
  limit: number;
  after?: string;
};

export function listMembers(slug: string, options: ListOptions): Promise<Outcome> {
  return withHub(async ({ database }) => {
    const { requireCommunity } = await import('./resolve.ts');
    const store = await import('../domain/memberships/membership-store.ts');
    const { nameKey } = await import('../platform/text/names.ts');
    const { search, status, limit, after } = options;
    const community = await requireCommunity(database, slug);
    const total = await store.countMembers(database, community.id, { search, status });
    const page = await store.listMembers(database, community.id, {
      search,
      status,
      limit,
      ...(after !== undefined && { after: nameKey(after) }),
    });
    const rows = page.members.map((member) => [
      member.username,
      member.displayName,
      member.email ?? '-',
      member.role,
      member.status,
      member.subject,
    ]);
    const text = [
      ...(rows.length > 0
        ? [table(['USERNAME', 'NAME', 'E-MAIL', 'ROLE', 'STATUS', 'SUBJECT'], rows)]
        : []),
      `${plural(total, 'member')}${page.next === undefined ? '.' : `; the next page: --after ${page.next}`}`,
    ].join('\n');
    return { text, value: { total, members: page.members.map(withoutPerson), next: page.next } };
  });
}

export function showMember(slug: string, name: string): Promise<Outcome> {
  return withHub(async ({ database }) => {
    const { requireCommunity, requireMember } = await import('./resolve.ts');
    const { groupsOfMember } = await import('../domain/groups/group-store.ts');
    const { accessOf, listServices } = await import('../domain/services/service-store.ts');
    const community = await requireCommunity(database, slug);
    const member = await requireMember(database, community, name);
    const groups = await groupsOfMember(database, community.id, member.subject);
    const services: Record<string, string> = {};
    for (const service of await listServices(database, community.id)) {
      const access = await accessOf(database, community.id, service.id, member.subject);
      services[service.slug] = access?.allowed ? 'allowed' : `refused (${access?.reason})`;
    }
    const text = fields({
      username: member.username,
      name: member.displayName,
      'e-mail': member.email,
      role: member.role,
      'role until': member.roleUntil && writeUntil(member.roleUntil),
      status: member.status,
      until: member.until && writeUntil(member.until),
      subject: member.subject,
      groups: groups.map(groupInWords).join(', '),
      services: Object.entries(services)
        .map(([service, access]) => `${service}: ${access}`)
        .join(', '),
      since: member.createdAt.toISOString(),
    });
    return { text, value: { ...withoutPerson(member), groups, services } };
  });
}

/** A person's id ties memberships of several communities together: it stays inside. */
function withoutPerson({ personId: _, ...member }: Membership) {
  return member;
}
