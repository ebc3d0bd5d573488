import { z } from 'zod';
import { MEMBER_SORTS, type MemberFilter } from '../../domain/memberships/list-members.ts';
import { ROLES, STATUSES } from '../../domain/memberships/membership-store.ts';
import { uuid } from '../../platform/text/uuid-schema.ts';
import { oneOf } from '../../platform/web/form-fields.ts';

/** What the list of members is narrowed down to, as its address says it; what is no filter counts for nothing. */
export const memberQuery = z.object({
  search: z
    .string()
    .default('')
    .transform((text) => text.trim().slice(0, 100))
    .catch(''),
  status: z.enum(STATUSES).default('active').catch('active'),
  role: oneOf(...ROLES),
  group: uuid.optional().catch(undefined),
  factor: oneOf('yes', 'no'),
  sort: z.enum(MEMBER_SORTS).default('name').catch('name'),
  page: z.coerce.number().int().min(1).max(100_000).default(1).catch(1),
});

export type MemberQuery = z.infer<typeof memberQuery>;

export function filterOf({ search, status, role, group, factor }: MemberQuery): MemberFilter {
  return {
    search: search || undefined,
    status,
    role,
    group,
    secondFactor: factor === undefined ? undefined : factor === 'yes',
  };
}

/** The address of the same list with something otherwise; of another filter it is the first page. */
export function listUrl(
  base: string,
  query: MemberQuery,
  otherwise: Partial<MemberQuery> = {},
): string {
  const { search, status, role, group, factor, sort, page } = { ...query, page: 1, ...otherwise };
  const parameters = new URLSearchParams();
  const put = (name: string, value: string | undefined, usual?: string) => {
    if (value !== undefined && value !== '' && value !== usual) parameters.set(name, value);
  };
  put('search', search);
  put('status', status, 'active');
  put('role', role);
  put('group', group);
  put('factor', factor);
  put('sort', sort, 'name');
  put('page', String(page), '1');
  return parameters.size === 0 ? base : `${base}?${parameters}`;
}
