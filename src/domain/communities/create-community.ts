import { sqlState, type Transaction } from '../../platform/database/database.ts';
import { type Actor, recordEvents } from '../../platform/events/record-event.ts';
import { RefusedError } from '../errors.ts';
import type { Community } from './community.ts';
import { baseClashes, ldapBaseFault, lockLdapBases } from './ldap-base.ts';

export type NewCommunity = Pick<Community, 'slug' | 'name'> &
  Partial<Pick<Community, 'locale' | 'registration'>> & {
    contactEmail?: string;
    /** Naming context of its LDAP tree; `o=SLUG` by default. */
    ldapBase?: string;
  };

const SLUG = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;

/**
 * Makes a community, active and empty. Its signing keys come with the first use.
 * @returns its id
 * @throws RefusedError when the slug or the LDAP base is malformed, the slug is taken, or the base is that
 *   of another community, inside it or around it
 */
export async function createCommunity(
  tx: Transaction,
  community: NewCommunity,
  actor: Actor,
): Promise<string> {
  const { slug, name } = community;
  if (!SLUG.test(slug)) {
    throw new RefusedError(
      'slug-shape',
      `"${slug}" is not a slug: 1 to 63 lower-case letters, digits and hyphens, such as "la-myne"`,
    );
  }
  const ldapBase = community.ldapBase ?? `o=${slug}`;
  await requireFree(tx, slug, ldapBase);
  try {
    const [row] = await tx.query<{ id: string }>(
      `INSERT INTO communities (slug, name, locale, registration, contact_email, ldap_base)
       VALUES ($1, $2, $3, $4, $5, $6) RETURNING id`,
      [
        slug,
        name,
        community.locale ?? 'fr',
        community.registration ?? 'closed',
        community.contactEmail ?? null,
        ldapBase,
      ],
    );
    const communityId = row?.id as string;
    const details = { slug, name };
    await recordEvents(tx, [{ communityId, type: 'community.created', actor, details }]);
    return communityId;
  } catch (error) {
    // Somebody else took it in the same instant.
    if (sqlState(error) === '23505') throw slugTaken(slug);
    throw error;
  }
}

async function requireFree(tx: Transaction, slug: string, ldapBase: string): Promise<void> {
  const fault = ldapBaseFault(ldapBase);
  if (fault !== undefined) {
    throw new RefusedError('ldap-base-shape', `the LDAP base "${ldapBase}" ${fault}`);
  }
  await lockLdapBases(tx);
  const others = await tx.query<{ slug: string; base: string }>(
    'SELECT slug, ldap_base AS base FROM communities',
  );
  if (others.some((other) => other.slug === slug)) throw slugTaken(slug);
  const own = { slug, base: ldapBase };
  for (const { inner, outer, same } of baseClashes([...others, own])) {
    if (inner !== own && outer !== own) continue;
    const other = inner === own ? outer : inner;
    const relation = same ? 'belongs to' : inner === own ? 'lies inside that of' : 'holds that of';
    throw new RefusedError(
      'ldap-base-taken',
      `the LDAP base "${ldapBase}" ${relation} the community "${other.slug}"`,
    );
  }
}

function slugTaken(slug: string): RefusedError {
  return new RefusedError('slug-taken', `there is a community "${slug}" already`);
}
