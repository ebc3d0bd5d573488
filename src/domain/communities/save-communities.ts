import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { Transaction } from '../../platform/database/database.ts';
import { type Actor, type AuditEvent, recordEvents } from '../../platform/events/record-event.ts';
import { NotFoundError } from '../errors.ts';
import { type PlacedFault, refuseFaults } from '../refused-changes.ts';
import {
  type CommunityRow,
  lockCommunityRows,
  storeCommunities,
  storeHosts,
  storeLogo,
  storeQuestions,
} from './community-rows.ts';
import {
  normalized,
  SETTING_NAMES,
  type SettingsChange,
  settingsFaults,
} from './community-settings.ts';
import { hubHostFaults } from './host-name.ts';
import { lockHubNames, MOVED } from './lock-communities.ts';
import { lostIssuerFaults } from './lost-issuers.ts';
import { repeatedSlugFaults } from './repeated-slugs.ts';
import { moveStates, stateFault } from './set-community-state.ts';
import { type Settled, takenFaults } from './unique-in-hub.ts';

export type CommunityChange = SettingsChange & {
  slug: string;
  /** What the change takes for granted; without it, a community that is not there is made. */
  must?: 'be-new' | 'exist';
};

export type SavedCommunity = {
  /** Undefined for a new one. */
  before: CommunityRow | undefined;
  after: CommunityRow;
  /** What changed of one that was there, by the names of `SETTING_NAMES`. */
  fields: string[];
};

type Setting = keyof typeof SETTING_NAMES;
type Change = Settled & { change: SettingsChange; changed: Setting[] };

/**
 * Makes communities and changes the settings of others, all of them or none. A host or an LDAP base may
 * pass from one to another. A community that is archived has no session left (invariant 4).
 * @param hubUrl needed where hosts are given: the hub's own is no community's
 * @returns what became of each change, in their order
 * @throws NotFoundError when a community that must be there is not
 * @throws RefusedChangesError with every fault of every change
 */
export async function saveCommunities(
  tx: Transaction,
  changes: readonly CommunityChange[],
  actor: Actor,
  hubUrl?: string,
): Promise<SavedCommunity[]> {
  if (changes.length === 0) return [];
  await lockHubNames(tx);
  const slugs = changes.map(({ slug }) => slug);
  const known = new Map((await lockCommunityRows(tx, slugs)).map((row) => [row.slug, row]));
  const settled = changes.map((change, index) => settle(change, index, known.get(change.slug)));
  refuseFaults([
    ...repeatedSlugFaults(changes),
    ...changes.flatMap((change, index) => faultsOf(change, index, settled, hubUrl)),
  ]);
  refuseFaults([...(await takenFaults(tx, settled)), ...(await lostIssuerFaults(tx, settled))]);
  await store(tx, settled);
  const told = settled.filter(({ before, changed }) => before === undefined || changed.length > 0);
  await recordEvents(
    tx,
    told.flatMap((change) => eventsOf(change, actor)),
  );
  await moveStates(
    tx,
    settled.map(({ before, after }) => ({ ...after, from: before?.state ?? 'active' })),
    actor,
  );
  return settled.map(({ before, after, changed }) => ({
    before,
    after,
    fields: changed.map((key) => SETTING_NAMES[key]),
  }));
}

function settle(
  { must: _, ...given }: CommunityChange,
  index: number,
  before: CommunityRow | undefined,
): Change {
  const change = normalized(given);
  const set = Object.entries(change).filter(([, value]) => value !== undefined);
  const base = before ?? newCommunity(given.slug);
  const logo = change.logo === undefined ? base.logo : (change.logo?.sha256 ?? null);
  const after: CommunityRow = { ...base, ...Object.fromEntries(set), logo };
  const keys = Object.keys(SETTING_NAMES) as Setting[];
  const changed =
    before === undefined ? [] : keys.filter((key) => !isDeepStrictEqual(before[key], after[key]));
  return { index, before, after, change, changed };
}

function newCommunity(slug: string): CommunityRow {
  return {
    id: randomUUID(),
    slug,
    name: '',
    locale: 'fr',
    state: 'active',
    registration: 'closed',
    accent: null,
    contact: null,
    description: null,
    town: null,
    welcome: null,
    links: [],
    listed: false,
    ldapBase: `o=${slug}`,
    ldapPasswordBind: false,
    ldapOpenToOperators: false,
    logo: null,
    posix: null,
    secondFactor: 'optional',
    secondFactorFrom: null,
    recoveryDelayHours: 72,
    questions: [],
    hosts: [],
  };
}

/** What can be said without looking at other communities. */
function faultsOf(
  change: CommunityChange,
  index: number,
  settled: readonly Change[],
  hubUrl: string | undefined,
): PlacedFault[] {
  const { slug, must } = change;
  const { before, after } = settled[index] as Change;
  const faults = settingsFaults(slug, change);
  const subject = `"${slug}"`;
  if (before !== undefined && must === 'be-new') {
    const fault = `is a community "${slug}" already: choose another slug`;
    faults.push({ code: 'slug-taken', path: ['slug'], subject: 'there', fault });
  }
  if (before === undefined && must === 'exist') throw new NotFoundError('community', slug);
  if (before === undefined && change.name === undefined)
    faults.push({ code: 'value', path: ['name'], subject: 'the name', fault: 'is missing' });
  if (before?.state === 'moved')
    faults.push({ code: 'state', path: ['slug'], subject, fault: MOVED });
  else {
    const fault = stateFault(before?.state ?? 'active', after.state);
    if (fault !== undefined) faults.push({ code: 'state', path: ['state'], subject, fault });
  }
  faults.push(...hubHostFaults(change.hosts ?? [], hubUrl));
  return faults.map((fault) => ({ ...fault, index }));
}

async function store(tx: Transaction, settled: readonly Change[]): Promise<void> {
  const has = (key: Setting) =>
    settled.filter(({ before, after, changed }) =>
      before === undefined ? isGiven(after[key]) : changed.includes(key),
    );
  await storeCommunities(
    tx,
    settled
      .filter(
        ({ before, changed }) => before === undefined || changed.some((key) => key !== 'state'),
      )
      .map(({ after }) => after),
  );
  for (const { after, change } of has('logo'))
    await storeLogo(tx, after.id, change.logo as NonNullable<typeof change.logo> | null);
  for (const { after } of has('questions')) await storeQuestions(tx, after.id, after.questions);
  await storeHosts(
    tx,
    has('hosts').map(({ after }) => after),
  );
}

function isGiven(value: unknown): boolean {
  return Array.isArray(value) ? value.length > 0 : value != null;
}

function eventsOf({ before, after, changed }: Change, actor: Actor): AuditEvent[] {
  const { id: communityId, slug, name } = after;
  if (before === undefined)
    return [{ communityId, type: 'community.created', actor, details: { slug, name } }];
  const fields = changed.filter((key) => key !== 'state').map((key) => SETTING_NAMES[key]);
  return fields.length === 0
    ? []
    : [{ communityId, type: 'community.updated', actor, details: { fields } }];
}
