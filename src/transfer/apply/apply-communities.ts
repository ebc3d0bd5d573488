import { randomUUID } from 'node:crypto';
import { type BaseClash, baseClashes, lockLdapBases } from '../../domain/communities/ldap-base.ts';
import { endMemberSessions } from '../../domain/sessions/end-sessions.ts';
import { nameKey } from '../../platform/text/names.ts';
import {
  POLICY_COLUMNS,
  type PolicySettings,
  settlePolicies,
  storeQuestions,
} from './apply-policies.ts';
import type { Path } from './faults.ts';
import type { Logo } from './logo.ts';
import type { ApplyEvent } from './plan.ts';
import { type ApplyRun, changedKeys } from './run.ts';
import type { CommunityEntry } from './schema.ts';

/** A community with its settings. */
export type CommunityRow = {
  id: string;
  slug: string;
  name: string;
  locale: string;
  state: string;
  registration: string;
  accent: string | null;
  contact: string | null;
  ldapBase: string;
  ldapPasswordBind: boolean;
  ldapOpenToOperators: boolean;
  /** Null where POSIX accounts are off. */
  posix: PosixSettings | null;
  /** SHA-256, hexadecimal. */
  logo: string | null;
} & PolicySettings;

export type PosixSettings = {
  firstNumber: number;
  count: number;
  /** The group's name. */
  primaryGroup: string;
  home: string;
  shell: string;
};

export type CommunityToApply = { entry: CommunityEntry; path: Path; logo: Logo | null | undefined };
/** Undefined `before` is a new community. */
export type SettledCommunity = CommunityToApply & {
  row: CommunityRow;
  before: CommunityRow | undefined;
};

/** Every community of the hub, locked against other changes of its settings. */
export async function lockCommunities(run: ApplyRun): Promise<CommunityRow[]> {
  await lockLdapBases(run.tx);
  return run.tx.query<CommunityRow>(
    `SELECT c.id, c.slug, c.name, c.locale, c.state, c.registration, c.accent, c.contact_email AS contact,
       c.ldap_base AS "ldapBase", c.ldap_password_bind AS "ldapPasswordBind",
       c.ldap_open_to_operators AS "ldapOpenToOperators", CASE WHEN g.name IS NOT NULL THEN jsonb_build_object(
         'firstNumber', r.first_number, 'count', r.count, 'primaryGroup', g.name,
         'home', c.posix_home, 'shell', c.posix_shell) END AS posix, ${POLICY_COLUMNS},
       (SELECT encode(l.sha256, 'hex') FROM community_logos l WHERE l.community_id = c.id) AS logo
     FROM communities c LEFT JOIN posix_ranges r ON r.community_id = c.id
       LEFT JOIN groups g ON g.community_id = c.id AND g.id = c.posix_primary_group_id
     ORDER BY c.slug FOR NO KEY UPDATE OF c`,
  );
}

/**
 * Brings the settings of the file's communities to what it says. Communities that cannot be changed
 * are reported and left out of the answer.
 */
export async function applyCommunities(
  run: ApplyRun,
  rows: readonly CommunityRow[],
  wanted: readonly CommunityToApply[],
): Promise<SettledCommunity[]> {
  const known = new Map(rows.map((row) => [row.slug, row]));
  const settled = wanted
    .filter(({ entry, path }) => isOpenToChange(run, known.get(entry.slug), entry, path))
    .map((item) => settle(run, item, known.get(item.entry.slug)));
  const clashes = clashesAfter(rows, settled);
  const free = settled.filter((item) => reportForeignBase(run, item, clashes));
  const changed = free.filter(
    ({ row, before }) => before === undefined || changedKeys(before, row).length > 0,
  );
  await storeCommunities(
    run,
    changed.map(({ row }) => row),
  );
  await storeLogos(run, changed);
  await storeQuestions(run, changed);
  for (const { row, before } of changed) {
    if (before?.state === 'active' && row.state === 'archived') await endAllSessions(run, row.id);
  }
  return free;
}

function isOpenToChange(
  run: ApplyRun,
  row: CommunityRow | undefined,
  entry: CommunityEntry,
  path: Path,
): boolean {
  if (row === undefined || row.state === 'active') return true;
  if (row.state === 'moved') {
    run.report(
      [...path, 'slug'],
      'has moved to another hub, and is no longer changed on this one: take it out of the file',
    );
    return false;
  }
  if (entry.state !== undefined) return true;
  run.report(
    [...path, 'slug'],
    `is ${row.state}, and so left alone: say "state: active" to open it again, or take it out of the file`,
  );
  return false;
}

function settle(
  { prune }: ApplyRun,
  item: CommunityToApply,
  before: CommunityRow | undefined,
): SettledCommunity {
  const { entry, logo } = item;
  const row: CommunityRow = {
    id: before?.id ?? randomUUID(),
    slug: entry.slug,
    name: entry.name,
    locale: entry.locale ?? before?.locale ?? 'fr',
    state: entry.state ?? before?.state ?? 'active',
    registration: entry.registration ?? before?.registration ?? 'closed',
    accent: either(entry.branding?.accent?.toLowerCase() ?? entry.branding?.accent, before?.accent),
    contact: either(entry.contact, before?.contact),
    ldapBase: entry.ldap?.base ?? before?.ldapBase ?? `o=${entry.slug}`,
    ldapPasswordBind: entry.ldap?.passwordBind ?? before?.ldapPasswordBind ?? false,
    ldapOpenToOperators: entry.ldap?.openToOperators ?? before?.ldapOpenToOperators ?? false,
    posix: posixSettings(entry.ldap?.posix, before?.posix ?? null),
    logo: either(logo === null ? null : logo?.sha256, before?.logo),
    ...settlePolicies(entry, before, prune),
  };
  return { ...item, row, before };
}

function posixSettings(
  given: NonNullable<CommunityEntry['ldap']>['posix'],
  before: PosixSettings | null,
): PosixSettings | null {
  if (given === undefined || given === null) return given === undefined ? before : null;
  const { firstNumber, count, primaryGroup } = given;
  const isSame = before !== null && nameKey(before.primaryGroup) === nameKey(primaryGroup);
  return {
    firstNumber,
    count,
    primaryGroup: isSame ? before.primaryGroup : primaryGroup,
    home: given.home ?? before?.home ?? '/home/{username}',
    shell: given.shell ?? before?.shell ?? '/bin/bash',
  };
}

/** What the file says, `null` included; else what is there. */
export function either<Value>(
  given: Value | null | undefined,
  stored: Value | null | undefined,
): Value | null {
  return given === undefined ? (stored ?? null) : given;
}

/**
 * Tells of a base that another community of the hub has, lies inside of or has inside; those within the
 * file were compared when it was read.
 */
function reportForeignBase(
  run: ApplyRun,
  { entry, path, row }: SettledCommunity,
  clashes: readonly BaseClash<BaseOf>[],
): boolean {
  const clash = clashes.find(({ inner, outer }) => inner.id === row.id || outer.id === row.id);
  if (clash === undefined) return true;
  const { inner, outer, same } = clash;
  const isInner = inner.id === row.id;
  const other = isInner ? outer : inner;
  const relation = same
    ? `which the community ${other.slug} has`
    : `which ${isInner ? 'lies inside' : 'holds'} "${other.base}" of the community ${other.slug}`;
  run.report(
    entry.ldap?.base === undefined ? [...path, 'slug'] : [...path, 'ldap', 'base'],
    `has the LDAP base "${row.ldapBase}", ${relation}: give another under ldap.base`,
  );
  return false;
}

type BaseOf = { id: string; slug: string; base: string };

/** Clashes among all communities of the hub, as they will be. */
function clashesAfter(rows: readonly CommunityRow[], settled: readonly SettledCommunity[]) {
  const after = new Map([...rows, ...settled.map(({ row }) => row)].map((row) => [row.id, row]));
  return baseClashes<BaseOf>(
    [...after.values()].map(({ id, slug, ldapBase }) => ({ id, slug, base: ldapBase })),
  );
}

async function storeCommunities(run: ApplyRun, rows: readonly CommunityRow[]): Promise<void> {
  if (rows.length === 0) return;
  await run.tx.query(
    `INSERT INTO communities (id, slug, name, locale, state, registration, accent, contact_email, ldap_base,
       ldap_password_bind, ldap_open_to_operators, second_factor, second_factor_from, recovery_delay_hours)
     SELECT id, slug, name, locale, state, registration, accent, contact, "ldapBase", "ldapPasswordBind",
       "ldapOpenToOperators", "secondFactor", "secondFactorFrom", "recoveryDelayHours"
     FROM jsonb_to_recordset($1::jsonb) AS c (id uuid, slug text, name text, locale text, state text,
       registration text, accent text, contact text, "ldapBase" text, "ldapPasswordBind" boolean,
       "ldapOpenToOperators" boolean, "secondFactor" text, "secondFactorFrom" timestamptz, "recoveryDelayHours" integer)
     ON CONFLICT (id) DO UPDATE SET name = EXCLUDED.name, locale = EXCLUDED.locale, state = EXCLUDED.state,
       registration = EXCLUDED.registration, accent = EXCLUDED.accent, contact_email = EXCLUDED.contact_email,
       ldap_base = EXCLUDED.ldap_base, ldap_password_bind = EXCLUDED.ldap_password_bind,
       ldap_open_to_operators = EXCLUDED.ldap_open_to_operators, second_factor = EXCLUDED.second_factor,
       second_factor_from = EXCLUDED.second_factor_from, recovery_delay_hours = EXCLUDED.recovery_delay_hours, updated_at = now()`,
    [JSON.stringify(rows)],
  );
}

async function storeLogos(run: ApplyRun, changed: readonly SettledCommunity[]): Promise<void> {
  for (const { row, before, logo } of changed) {
    if (logo === undefined || row.logo === (before?.logo ?? null)) continue;
    if (logo === null) {
      await run.tx.query('DELETE FROM community_logos WHERE community_id = $1', [row.id]);
      continue;
    }
    await run.tx.query(
      `INSERT INTO community_logos (community_id, media_type, sha256, bytes) VALUES ($1, $2, decode($3, 'hex'), $4)
       ON CONFLICT (community_id) DO UPDATE
         SET media_type = EXCLUDED.media_type, sha256 = EXCLUDED.sha256, bytes = EXCLUDED.bytes`,
      [row.id, logo.mediaType, logo.sha256, logo.bytes],
    );
  }
}

/** Puts communities that the file does not name into the archive; nothing of theirs is deleted. */
export async function archiveOthers(
  run: ApplyRun,
  rows: readonly CommunityRow[],
  named: ReadonlySet<string>,
): Promise<void> {
  for (const row of rows) {
    if (named.has(row.slug) || row.state === 'archived' || row.state === 'moved') continue;
    await run.tx.query(
      `UPDATE communities SET state = 'archived', updated_at = now() WHERE id = $1`,
      [row.id],
    );
    await endAllSessions(run, row.id);
    run.log.add(
      { action: 'remove', kind: 'community', name: row.slug, fields: ['archived'] },
      { communityId: row.id, type: 'community.archived' },
    );
  }
}

async function endAllSessions(run: ApplyRun, communityId: string): Promise<void> {
  const members = await run.tx.query<{ subject: string }>(
    'SELECT subject FROM memberships WHERE community_id = $1',
    [communityId],
  );
  await endMemberSessions(
    run.tx,
    communityId,
    members.map((member) => member.subject),
  );
}

const FILE_KEYS: Record<string, string> = {
  accent: 'branding.accent',
  logo: 'branding.logo',
  ldapBase: 'ldap.base',
  ldapPasswordBind: 'ldap.passwordBind',
  ldapOpenToOperators: 'ldap.openToOperators',
  posix: 'ldap.posix',
  secondFactor: 'policies.secondFactor',
  secondFactorFrom: 'policies.secondFactorFrom',
  recoveryDelayHours: 'policies.recoveryDelayHours',
};

/** Tells of the settings that changed, those of the hosts included. */
export function logCommunity(
  run: ApplyRun,
  { row, before }: SettledCommunity,
  hostsChanged: boolean,
): void {
  const change = { kind: 'community' as const, name: row.slug };
  if (before === undefined) {
    run.log.add(
      { ...change, action: 'create', fields: [] },
      {
        communityId: row.id,
        type: 'community.created',
        details: { slug: row.slug, name: row.name },
      },
    );
    return;
  }
  const fields: string[] = changedKeys(before, row).map((key) => FILE_KEYS[key] ?? key);
  if (hostsChanged) fields.push('hosts');
  if (fields.length === 0) return;
  const settings = fields.filter((field) => field !== 'state');
  const events: ApplyEvent[] = [];
  if (settings.length > 0)
    events.push({ type: 'community.updated', details: { fields: settings } });
  if (row.state !== before.state) {
    events.push({ type: `community.${row.state === 'active' ? 'activated' : row.state}` });
  }
  run.log.add(
    { ...change, action: 'update', fields },
    ...events.map((event) => ({ ...event, communityId: row.id })),
  );
}
