import { type Dn, parseDn } from '../../../platform/distinguished-names/dn.ts';
import type { Entry, Group, Person } from '../directory/directory.ts';
import { type Directory, idOf, lowerBound, subjectOf } from '../directory/directory.ts';
import { findByDn, isInDirectory } from '../directory/find-by-dn.ts';
import type { Scene } from '../entries/entry-types.ts';
import { type Selection, type Selections, writeEntry } from '../entries/selection.ts';
import type { Connection, Responses } from '../handler.ts';
import { type Message, type SearchRequest, TAG } from '../protocol/message.ts';
import { RESULT, type ResultCode } from '../protocol/result.ts';
import { type Candidates, findCandidates } from './candidates.ts';
import { directoryFor, readDn } from './directory-for.ts';
import { weightOf } from './filter-weight.ts';
import { compileFilter } from './match-filter.ts';
import { type Matcher, type ResolveDn, TRUE } from './matcher.ts';
import { fingerprintOf, type Page, type Position, pageControl, readPage } from './paging.ts';
import { PreparedLists } from './prepared-lists.ts';
import { type Area, areaOf } from './search-area.ts';
import { type Session, sceneOf, seesEntry, type Tree } from './session.ts';
import { specialEntry } from './special-entries.ts';

/** Parts of the filter that are judged between two glances at the clock, over all entries. */
const GLANCE = 512;
/** The event loop's other work waits no longer than this for a search, in milliseconds. */
const SLICE_MS = 6;
/** What one search may take of the processor, in milliseconds, whatever time limit it asks for. */
const WORK_MS = 30_000;
/** Bytes of answers after which the client is asked whether it keeps up. */
const CHUNK = 32_768;

/** A search under way. */
type Run = {
  id: number;
  request: SearchRequest;
  selection: Selection;
  page: Page | undefined;
  session: Session;
  responses: Responses;
  /** When to stop, on the clock of `performance.now()`. */
  deadline: number;
  /** Milliseconds that went into it so far. */
  worked: number;
  /** Entries sent, over all pages; and in this page. */
  sent: number;
  sentInPage: number;
  /** Which list is walked (others, people, groups), and how far. */
  list: number;
  at: number;
  /** What is walked: good for one version of the directory. */
  ground: Ground;
};

type Ground = {
  scene: Scene;
  version: number;
  matcher: Matcher;
  /** What judging one entry costs, in parts of the filter. */
  weight: number;
  lists: readonly (readonly Entry[])[];
};

type SearchTree = Tree & { startTls: boolean; selections: Selections };

/** Search (RFC 4511 §4.5). Small ones are done when this returns; large ones go on in slices. */
export function search(
  message: Message & { request: SearchRequest },
  connection: Connection<Session>,
  responses: Responses,
  tree: SearchTree,
): void | Promise<void> {
  const { request } = message;
  const { state } = connection;
  const dn = readDn(request.base);
  const special = request.scope === 'one' ? undefined : specialEntry(dn, request, state, tree);
  const found = special ?? directoryFor(dn, state, tree);
  if (found instanceof Promise) {
    return found.then((base) => begin(message, base, dn, state, responses, tree));
  }
  return begin(message, found, dn, state, responses, tree);
}

function begin(
  message: Message & { request: SearchRequest },
  base: Directory | Entry,
  dn: Dn,
  session: Session,
  responses: Responses,
  tree: SearchTree,
): void | Promise<void> {
  const { id, request } = message;
  const page = readPage(message.controls);
  const run: Omit<Run, 'ground'> = {
    id,
    request,
    selection: tree.selections.of(request.attributes),
    page,
    session,
    responses,
    deadline: request.timeLimit === 0 ? Infinity : performance.now() + request.timeLimit * 1000,
    worked: 0,
    sent: 0,
    sentInPage: 0,
    list: 0,
    at: 0,
  };
  if ('kind' in base) return walk({ ...run, ground: groundOfSpecial(base, request) }, () => base);
  const started: Run = { ...run, ground: groundOf(base, dn, request, session, tree) };
  if (page !== undefined && page.cookie.length > 0) {
    if (page.size === 0) {
      session.pages.drop(page.cookie);
      return finish(started, RESULT.success, undefined);
    }
    const open = session.pages.take(page.cookie, fingerprintOf(request));
    started.sent = open.sent;
    goTo(started, open.position);
  }
  return walk(started, async () => {
    const directory = await tree.directories.get(base.communityId);
    if (
      directory === started.ground.scene.directory &&
      directory.version === started.ground.version
    )
      return;
    const position = positionOf(started);
    started.ground = groundOf(directory, dn, request, session, tree);
    goTo(started, position);
  });
}

/** Everything that a search walks over, made for the directory as it is now. */
function groundOf(
  directory: Directory,
  dn: Dn,
  request: SearchRequest,
  session: Session,
  tree: Tree,
): Ground {
  const scene = sceneOf(session, directory, tree);
  const area = areaOf(directory, dn, request.scope, scene);
  const resolveDn: ResolveDn = (text) => {
    const named = parseDn(text);
    if (named === undefined || !isInDirectory(directory, named)) return undefined;
    const { entry } = findByDn(directory, named);
    return entry !== undefined && seesEntry(entry, scene) ? entry : undefined;
  };
  const lists = new PreparedLists();
  const matcher = compileFilter(request.filter, { scene, resolveDn, lists });
  const candidates = findCandidates(request.filter, directory, resolveDn);
  return {
    scene,
    version: directory.version,
    matcher,
    weight: weightOf(request.filter),
    lists: listsOf(directory, area, candidates),
  };
}

function listsOf(directory: Directory, area: Area, candidates: Candidates) {
  const people: readonly Person[] = area.people
    ? (candidates.people ?? directory.peopleBySubject)
    : [];
  const groups: readonly Group[] = area.groups ? (candidates.groups ?? directory.groupsById) : [];
  return [candidates.others || area.isLeaf ? area.others : [], people, groups];
}

function groundOfSpecial(entry: Entry, request: SearchRequest): Ground {
  const scene = { directory: undefined, view: undefined } as unknown as Scene;
  const setting = { scene, resolveDn: () => undefined, lists: new PreparedLists() };
  const matcher = compileFilter(request.filter, setting);
  return { scene, version: 0, matcher, weight: weightOf(request.filter), lists: [[entry]] };
}

/** Walks on, again and again, until the search is over; at once where it can. */
function walk(run: Run, refresh: () => unknown): void | Promise<void> {
  const outcome = walkOn(run);
  if (outcome !== 'pause') return conclude(run, outcome);
  return resume(run, refresh);
}

async function resume(run: Run, refresh: () => unknown): Promise<void> {
  for (;;) {
    await (run.responses.drained() ?? new Promise(setImmediate));
    if (run.responses.isAbandoned()) return;
    await refresh();
    if (run.responses.isAbandoned()) return;
    const outcome = walkOn(run);
    if (outcome !== 'pause') return conclude(run, outcome);
  }
}

type Outcome = 'done' | 'page' | 'sizeLimit' | 'timeLimit' | 'pause';

function walkOn(run: Run): Outcome {
  const started = performance.now();
  if (started > run.deadline) return 'timeLimit';
  const outcome = walkFrom(run, started);
  if (outcome === 'pause') run.worked += performance.now() - started;
  return run.worked > WORK_MS ? 'timeLimit' : outcome;
}

function walkFrom(run: Run, started: number): Outcome {
  const { request, selection, responses, ground, page } = run;
  const { scene, matcher, lists } = ground;
  const { writer } = responses;
  const pageSize = page === undefined || page.size === 0 ? Infinity : page.size;
  const sizeLimit = request.sizeLimit === 0 ? Infinity : request.sizeLimit;
  let untilGlance = GLANCE;
  for (; run.list < lists.length; run.list += 1, run.at = 0) {
    const list = lists[run.list] as readonly Entry[];
    for (; run.at < list.length; run.at += 1) {
      const entry = list[run.at] as Entry;
      untilGlance -= ground.weight + sizeOf(entry);
      if (untilGlance <= 0) {
        untilGlance = GLANCE;
        const now = performance.now();
        if (now > run.deadline) return 'timeLimit';
        if (now - started > SLICE_MS) return 'pause';
      }
      if (!seesEntry(entry, scene) || matcher(entry) !== TRUE) continue;
      if (run.sent >= sizeLimit) return 'sizeLimit';
      if (run.sentInPage >= pageSize) return 'page';
      writeEntry(writer, run.id, entry, scene, selection, request.typesOnly);
      run.sent += 1;
      run.sentInPage += 1;
      if (writer.length > CHUNK && responses.drained() !== undefined) {
        run.at += 1;
        return 'pause';
      }
    }
  }
  return 'done';
}

/** What it costs to tell who is in a group, and to write their names, beside an entry of any kind. */
const sizeOf = (entry: Entry): number => (entry.kind === 'group' ? entry.members.length >> 2 : 0);

const CODES: Record<Exclude<Outcome, 'pause'>, ResultCode> = {
  done: RESULT.success,
  page: RESULT.success,
  sizeLimit: RESULT.sizeLimitExceeded,
  timeLimit: RESULT.timeLimitExceeded,
};

function conclude(run: Run, outcome: Exclude<Outcome, 'pause'>): void {
  const goesOn = outcome === 'page';
  const cookie = goesOn
    ? run.session.pages.keep({
        fingerprint: fingerprintOf(run.request),
        position: positionOf(run),
        sent: run.sent,
      })
    : undefined;
  finish(run, CODES[outcome], cookie);
}

function finish(run: Run, code: ResultCode, cookie: Buffer | undefined): void {
  const controls = run.page === undefined ? undefined : pageControl(cookie);
  run.responses.writer.result(
    run.id,
    TAG.searchResultDone,
    controls === undefined ? { code } : { code, controls },
  );
}

/** The place of the next entry, in a form that outlives changes of the directory. */
function positionOf({ ground, list, at }: Run): Position {
  const next = ground.lists[list]?.[at];
  if (next === undefined) return { list: list + 1, key: '' };
  return { list, key: list === 0 ? String(at) : keyOf(next) };
}

function goTo(run: Run, { list, key }: Position): void {
  run.list = list;
  const entries = run.ground.lists[list] ?? [];
  run.at = list === 0 ? Number(key) : lowerBound(entries, key, keyOf);
}

const keyOf = (entry: Entry): string => (entry.kind === 'person' ? subjectOf(entry) : idOf(entry));
