import {
  element,
  encodeBind,
  encodeRequest,
  encodeSearch,
  integer,
} from '../../test/ldap/support/encode-request.ts';
import type { LdapOrder, Pattern } from './ldap-target.ts';
import { cookieOf, Line, type LineAnswer, PAGED_RESULTS } from './line.ts';
import {
  BASE,
  GROUP_SIZE,
  groupDn,
  PERSON_SECRET,
  type Population,
  personDn,
  READER,
  READER_SECRET,
  seeded,
} from './population.ts';

/** What an app asks of each person that it looks at. */
const ATTRIBUTES = ['uid', 'cn', 'sn', 'givenName', 'displayName', 'mail', 'entryUUID', 'memberOf'];
const PEOPLE = `ou=people,${BASE}`;
const PAGE = 500;
/** Different requests that are prepared; they are sent in turn. */
const PREPARED = 4_096;
const PREPARED_PARTS = 64;
/** Requests of a connection have one and the same number: each is answered before the next. */
const ID = 7;

const BIND_READER = encodeBind(ID, READER, READER_SECRET);
const UNBIND = encodeRequest({ id: ID, request: { kind: 'unbind' }, controls: [] });

/** Does one act for a connection; `turn` counts all acts of the run. @throws when an answer is not what it must be */
export type Act = (turn: number) => Promise<void>;

/** Opens a connection, bound as the reader or not. */
type Connect = (bound: boolean) => Promise<Line>;

/** Makes the acts of each connection; these are open and bound when it resolves. */
export async function makeActs(order: LdapOrder, population: Population) {
  const lines: Line[] = [];
  const connect: Connect = async (bound) => {
    const line = await (bound ? openBound(order.port) : Line.open(order.port));
    lines.push(line);
    return line;
  };
  const requests = prepare(order.pattern, population);
  const requestOf = (turn: number) => requests[turn % requests.length] as Prepared;
  const acts = await Promise.all(
    Array.from({ length: order.connections }, () => makeAct(order, population, connect, requestOf)),
  );
  return {
    acts,
    close() {
      for (const line of lines) line.end(UNBIND);
    },
  };
}

async function makeAct(
  order: LdapOrder,
  population: Population,
  connect: Connect,
  requestOf: (turn: number) => Prepared,
): Promise<Act> {
  const { port, pattern } = order;
  switch (pattern) {
    case 'uid':
    case 'mail':
    case 'memberOf':
    case 'part':
      return searching(await connect(true), requestOf);
    case 'pages':
      return paging(await connect(true), population);
    case 'visit':
      return visiting(port, requestOf);
    case 'sign-in':
    case 'again':
      return signingIn(await connect(true), await connect(false), order, population);
  }
}

type Prepared = { bytes: Buffer; entries: number };

function prepare(pattern: Pattern, population: Population): Prepared[] {
  const random = seeded(1);
  const count = pattern === 'part' ? PREPARED_PARTS : PREPARED;
  return Array.from({ length: count }, () => {
    const { filter, entries } = askFor(pattern, population, random);
    const bytes = encodeSearch(ID, PEOPLE, filter, { attributes: ATTRIBUTES });
    return { bytes, entries };
  });
}

function askFor(pattern: Pattern, { people, groups }: Population, random: () => number) {
  const index = Math.floor(random() * people.length);
  const person = people[index] as Population['people'][number];
  const group = groups[Math.floor(random() * groups.length)] as Population['groups'][number];
  switch (pattern) {
    case 'mail':
      return { filter: `(mail=${person.mail})`, entries: 1 };
    case 'memberOf':
      return { filter: `(memberOf=${groupDn(group)})`, entries: GROUP_SIZE };
    case 'part': {
      // As somebody who types a part of a name to share a file; no server has an index for it.
      const part = String(index + 1);
      const filter = `(&(objectClass=inetOrgPerson)(|(cn=*${part}*)(mail=*${part}*)))`;
      return { filter, entries: people.filter(({ sn }) => sn.includes(part)).length };
    }
    default:
      return { filter: `(uid=${person.uid})`, entries: 1 };
  }
}

function searching(line: Line, requestOf: (turn: number) => Prepared): Act {
  return async (turn) => {
    const { bytes, entries } = requestOf(turn);
    expectAnswer(await line.ask(bytes), entries);
  };
}

/** One page after the other, from the first to the last and again; a page is an act. */
function paging(line: Line, { people }: Population): Act {
  let cookie: Buffer = Buffer.alloc(0);
  let seen = 0;
  return async () => {
    const answer = await line.ask(pageRequest(cookie));
    cookie = cookieOf(answer);
    seen += answer.entries;
    const last = cookie.length === 0;
    expectAnswer(answer, last ? answer.entries : PAGE);
    if (!last) return;
    if (seen !== people.length) throw new Error(`${seen} people instead of ${people.length}`);
    seen = 0;
  };
}

function pageRequest(cookie: Buffer): Buffer {
  const value = element(0x30, integer(0x02, PAGE), element(0x04, cookie));
  return encodeSearch(ID, PEOPLE, '(objectClass=inetOrgPerson)', {
    attributes: ATTRIBUTES,
    controls: [{ oid: PAGED_RESULTS, critical: true, value }],
  });
}

/** Connects, binds as the reader, asks for one person and leaves. */
function visiting(port: number, requestOf: (turn: number) => Prepared): Act {
  return async (turn) => {
    const line = await openBound(port);
    expectAnswer(await line.ask(requestOf(turn).bytes), 1);
    line.end(UNBIND);
  };
}

/** Someone signs in to an app: its reader looks them up, then their password is tried on another connection. */
function signingIn(reader: Line, own: Line, order: LdapOrder, { people }: Population): Act {
  // Again and again: few people. Else everybody in turn, so that no memory of binds helps.
  const among = order.pattern === 'again' ? Math.min(50, people.length) : people.length;
  return async (turn) => {
    const person = people[(order.skip + turn) % among] as Population['people'][number];
    const look = encodeSearch(ID, PEOPLE, `(uid=${person.uid})`, { attributes: ATTRIBUTES });
    expectAnswer(await reader.ask(look), 1);
    expectAnswer(await own.ask(encodeBind(ID, personDn(person), PERSON_SECRET)), 0);
  };
}

async function openBound(port: number): Promise<Line> {
  const line = await Line.open(port);
  expectAnswer(await line.ask(BIND_READER), 0);
  return line;
}

/** A fast error must not win. */
function expectAnswer({ code, entries }: LineAnswer, wanted: number): void {
  if (code !== 0 || entries !== wanted)
    throw new Error(`result ${code} with ${entries} entries instead of ${wanted}`);
}
