import type { ChangeFeed } from '../../../platform/database/change-feed.ts';
import type { Database } from '../../../platform/database/database.ts';
import { LdapError, RESULT } from '../protocol/result.ts';
import type { Directory } from './directory.ts';
import { type Ends, watchEnds } from './ends.ts';
import { type Follower, follow } from './follower.ts';
import {
  type PersonRow,
  readPeople,
  readSomePeople,
  readStructure,
  type StructureRow,
} from './read-directory.ts';
import { updatePeople } from './update-people.ts';
import { makeDirectory, updateStructure } from './update-structure.ts';

/** Directories in memory, one a community that was asked for; each kept true by the announcements. */
export type Directories = {
  /** At once where it is known and current; else when it has become so. @throws LdapError */
  get(communityId: string): Directory | Promise<Directory>;
  /** Resolves when every announcement heard so far has been taken in. */
  caughtUp(): Promise<void>;
  stop(): void;
};

type Entry = {
  directory: Directory | undefined;
  /** Everything is to be read anew. */
  reload: boolean;
  /** Subjects announced and not yet read. */
  changed: Set<string>;
  structureChanged: boolean;
  follower: Follower;
  ends: Ends;
  usedAt: number;
};

/** Communities are let go of when this many people are in memory; the one asked for last always stays. */
const MAX_PEOPLE = 400_000;
const IDLE_MS = 30 * 60_000;

export function createDirectories(options: {
  database: Database;
  feed: ChangeFeed;
  onError: (error: unknown) => void;
}): Directories {
  const { database, feed, onError } = options;
  const entries = new Map<string, Entry>();

  feed.on('trousseau_sign_in', (announcement) => {
    if (announcement === undefined) return void doubtAll();
    if (!announcement.includes(' member ')) return;
    const [communityId, , subject] = announcement.split(' ') as [string, string, string];
    const entry = entries.get(communityId);
    if (entry === undefined) return;
    entry.changed.add(subject);
    entry.follower.mark();
  });
  feed.on('trousseau_community', (communityId) => {
    if (communityId === undefined) return;
    const entry = entries.get(communityId);
    if (entry === undefined) return;
    entry.structureChanged = true;
    entry.follower.mark();
  });

  function doubtAll(): void {
    for (const entry of entries.values()) {
      entry.reload = true;
      entry.follower.invalidate();
    }
  }

  function open(communityId: string): Entry {
    const entry: Entry = {
      directory: undefined,
      reload: true,
      changed: new Set(),
      structureChanged: false,
      follower: follow(feed, () => refresh(database, communityId, entry), onError),
      ends: watchEnds((subjects) => {
        for (const subject of subjects) entry.changed.add(subject);
        entry.follower.mark();
      }),
      usedAt: Date.now(),
    };
    entries.set(communityId, entry);
    entry.follower.mark();
    return entry;
  }

  function makeRoom(kept: Entry): void {
    let people = 0;
    const byUse = [...entries].sort(([, a], [, b]) => b.usedAt - a.usedAt);
    for (const [communityId, entry] of byUse) {
      people += entry.directory?.peopleBySubject.length ?? 0;
      const idle = Date.now() - entry.usedAt > IDLE_MS;
      if (entry === kept || (people <= MAX_PEOPLE && !idle)) continue;
      stopEntry(entry);
      entries.delete(communityId);
    }
  }

  async function load(communityId: string): Promise<Directory> {
    const known = entries.get(communityId);
    const entry = known ?? open(communityId);
    await entry.follower.becomeCurrent();
    if (known === undefined) makeRoom(entry);
    return found(entry);
  }

  return {
    get(communityId) {
      const entry = entries.get(communityId);
      if (entry === undefined || !entry.follower.isCurrent()) return load(communityId);
      entry.usedAt = Date.now();
      return found(entry);
    },
    async caughtUp() {
      await Promise.all([...entries.values()].map(({ follower }) => follower.caughtUp()));
    },
    stop() {
      for (const entry of entries.values()) stopEntry(entry);
      entries.clear();
    },
  };
}

function stopEntry({ follower, ends }: Entry): void {
  follower.stop();
  ends.stop();
}

function found({ directory }: Entry): Directory {
  if (directory === undefined) {
    throw new LdapError(RESULT.noSuchObject, 'there is no such community');
  }
  return directory;
}

async function refresh(database: Database, communityId: string, entry: Entry): Promise<void> {
  if (entry.reload) {
    entry.reload = false;
    try {
      entry.directory = await load(database, communityId, entry.ends);
    } catch (error) {
      entry.reload = true;
      throw error;
    }
    return;
  }
  const subjects = [...entry.changed];
  entry.changed.clear();
  let structure = entry.structureChanged;
  entry.structureChanged = false;
  try {
    if (structure) await refreshStructure(database, communityId, entry);
    while (subjects.length > 0 && entry.directory !== undefined) {
      const rows = await readSomePeople(database, communityId, subjects.slice(0, 1_000));
      const present = new Set(rows.map(({ subject }) => subject));
      const gone = subjects.slice(0, 1_000).filter((subject) => !present.has(subject));
      if (updatePeople(entry.directory, rows, gone)) {
        entry.ends.note(rows, gone);
        subjects.splice(0, 1_000);
      } else {
        // Somebody is in a group that is new: its own announcement is on the way.
        structure = true;
        await refreshStructure(database, communityId, entry);
      }
    }
  } catch (error) {
    for (const subject of subjects) entry.changed.add(subject);
    entry.structureChanged ||= structure;
    throw error;
  }
}

async function refreshStructure(
  database: Database,
  communityId: string,
  entry: Entry,
): Promise<void> {
  const row = await readStructure(database, communityId);
  if (row === undefined) entry.directory = undefined;
  else if (entry.directory !== undefined) updateStructure(entry.directory, row);
}

async function load(
  database: Database,
  communityId: string,
  ends: Ends,
): Promise<Directory | undefined> {
  const structure = await readStructure(database, communityId);
  if (structure === undefined) return undefined;
  const directory = makeDirectory(communityId, structure);
  for await (const rows of readPeople(database, communityId)) {
    ends.note(await takeIn(database, directory, rows));
  }
  return directory;
}

/** How often people and groups are read again when they do not fit together, before all is begun anew. */
const MAX_ROUNDS = 5;

/** @throws when groups come and go faster than they can be read */
async function takeIn(
  database: Database,
  directory: Directory,
  rows: PersonRow[],
): Promise<PersonRow[]> {
  const { communityId } = directory;
  const subjects = rows.map(({ subject }) => subject);
  let people = rows;
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    if (updatePeople(directory, people)) return people;
    // Somebody is in a group that is new, or gone since: both are read again.
    const row: StructureRow | undefined = await readStructure(database, communityId);
    if (row === undefined) return [];
    updateStructure(directory, row);
    people = await readSomePeople(database, communityId, subjects);
  }
  throw new Error('groups come and go while the directory is read');
}
