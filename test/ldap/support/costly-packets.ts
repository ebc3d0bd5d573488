import { element, integer } from './encode-request.ts';

/** One message each, within the size limit, made to cost as much as can be. */
export type CostlyPacket = {
  name: string;
  bytes: Buffer;
  /** Sent before anybody is bound. */
  isBind?: true;
  /** Sent by a person about themselves, and not by a reader. */
  isOwn?: true;
};

/** What fits into a message once somebody is bound, and before, with room for what stands around it. */
const BOUND = 500 * 1024;
const ANONYMOUS = 62 * 1024;
const NOTHING = Buffer.alloc(0);

/** Marks in an order that a normal form has to turn around, one by one. */
const marks = (bytes: number) => `a${'\u0345'.repeat(bytes / 4)}${'\u0300'.repeat(bytes / 4)}`;
const repeated = (piece: Buffer, bytes: number) =>
  Buffer.concat(Array(Math.floor(bytes / piece.length)).fill(piece));

/** @param base of a community in whose directory there are `alice` and the group `bureau` */
export function costlyPackets(base: string): CostlyPacket[] {
  const group = `cn=bureau,ou=groups,${base}`;
  const filters: Record<string, Buffer> = {
    'substrings: empty parts': substrings('cn', repeated(element(0x81, ''), BOUND)),
    'substrings: parts of one letter': substrings('cn', repeated(element(0x81, 'a'), BOUND)),
    'substrings: one part of marks': substrings('cn', element(0x81, marks(BOUND))),
    'substrings: one long part': substrings('cn', element(0x80, 'a'.repeat(BOUND))),
    'an extensible match of many substrings': extensible(
      'caseIgnoreSubstringsMatch',
      'cn',
      'a*'.repeat(BOUND / 2),
    ),
    'an extensible match of many empty substrings': extensible(
      'caseIgnoreSubstringsMatch',
      'cn',
      '*'.repeat(BOUND),
    ),
    'extensible matches with names, of marks': set(
      0xa1,
      290,
      extensible('caseIgnoreMatch', undefined, marks(1_600), true),
    ),
    'one extensible match with names, long': extensible(
      'caseIgnoreMatch',
      undefined,
      'é '.repeat(BOUND / 3),
      true,
    ),
    'a value of marks': assertion(0xa3, 'cn', marks(BOUND)),
    'a value of marks, in order': assertion(0xa5, 'uid', marks(BOUND)),
    'values of marks, many': set(0xa1, 250, assertion(0xa3, 'cn', marks(2_000))),
    'a name of marks': assertion(0xa3, 'member', `uid=${marks(BOUND - 100)},ou=people,${base}`),
    'a name of many names': assertion(0xa3, 'memberOf', `${'a=b,'.repeat(BOUND / 4)}${base}`),
    'a name of many pairs': assertion(0xa3, 'memberOf', `${'a=b+'.repeat(BOUND / 4)}${base}`),
    'a name with an escape, long': assertion(
      0xa3,
      'memberOf',
      `cn=\\,${'x'.repeat(BOUND)},${base}`,
    ),
    'a name of escapes': assertion(0xa3, 'memberOf', `cn=${'\\20'.repeat(BOUND / 3)},${base}`),
    'a quoted name': assertion(0xa3, 'memberOf', `cn="${'\\"'.repeat(BOUND / 2)}",${base}`),
    'names of many names, many': set(0xa1, 250, assertion(0xa3, 'member', 'a=b,'.repeat(480))),
    'a long number': assertion(0xa3, 'uidNumber', '9'.repeat(BOUND)),
    'a long time': assertion(0xa5, 'createTimestamp', `20200101000000.${'1'.repeat(BOUND)}Z`),
    blanks: assertion(0xa3, 'cn', ' '.repeat(BOUND)),
    words: assertion(0xa3, 'cn', 'é '.repeat(BOUND / 3)),
    'what is to be ignored': assertion(0xa3, 'cn', '\u00ad'.repeat(BOUND / 2)),
    'a long attribute': assertion(0xa3, 'é;'.repeat(BOUND / 3), 'x'),
    'a presence of a long attribute': element(0x87, 'a;'.repeat(BOUND / 2)),
    'a long rule': extensible('é '.repeat(BOUND / 3), 'cn', 'x'),
    'a filter of unknown kind': element(0xaf, repeated(element(0x04, ''), BOUND)),
    'an assertion that goes on': element(
      0xa3,
      element(0x04, 'cn'),
      element(0x04, 'x'),
      repeated(element(0x04, ''), BOUND),
    ),
    'groups, many': set(0xa1, 290, assertion(0xa3, 'memberOf', group)),
    'negations, many': set(0xa0, 140, element(0xa2, assertion(0xa3, 'memberOf', group))),
  };
  const packets: CostlyPacket[] = Object.entries(filters).map(([name, filter]) => ({
    name,
    bytes: search(base, filter),
  }));
  const everything = element(0x87, 'objectClass');
  packets.push(
    {
      name: 'attributes: empty',
      bytes: search(base, everything, repeated(element(0x04, ''), BOUND)),
    },
    {
      name: 'attributes: short',
      bytes: search(base, everything, repeated(element(0x04, 'cn'), BOUND)),
    },
    {
      name: 'attributes: one, long',
      bytes: search(base, everything, element(0x04, 'é;'.repeat(BOUND / 3))),
    },
    {
      name: 'a search that goes on',
      bytes: search(base, everything, NOTHING, repeated(element(0x04, ''), BOUND)),
    },
    { name: 'a base of marks', bytes: search(`cn=${marks(BOUND - 100)},${base}`, everything) },
    {
      name: 'a base of many names',
      bytes: search(`${'a=b,'.repeat(BOUND / 4)}${base}`, everything),
    },
    {
      name: 'a base with an escape, long',
      bytes: search(`cn=\\,${'x'.repeat(BOUND)},${base}`, everything),
    },
    { name: 'a base that is none', bytes: search('x'.repeat(BOUND), everything) },
    {
      name: 'a compared name of marks',
      bytes: compare(`cn=${marks(BOUND - 100)},${base}`, 'cn', 'x'),
    },
    {
      name: 'a compared value of marks',
      bytes: compare(`uid=alice,ou=people,${base}`, 'cn', marks(BOUND)),
    },
    {
      name: 'a compared name of many names, as a value',
      bytes: compare(`uid=alice,ou=people,${base}`, 'memberOf', 'a=b,'.repeat(BOUND / 4)),
    },
    {
      name: 'a compared attribute, long',
      bytes: compare(`uid=alice,ou=people,${base}`, 'é;'.repeat(BOUND / 3), 'x'),
    },
    {
      name: 'controls that go on',
      bytes: message(
        element(0x42),
        element(0xa0, element(0x30, element(0x04, '1.2.3'), repeated(element(0x04, ''), BOUND))),
      ),
    },
    {
      name: 'a control with a long name',
      bytes: message(
        searchBody(base, everything),
        element(0xa0, element(0x30, element(0x04, 'x'.repeat(BOUND)), element(0x01, '\u0001'))),
      ),
    },
    {
      name: 'a message that goes on',
      bytes: message(searchBody(base, everything), repeated(element(0x04, ''), BOUND)),
    },
    {
      name: 'an unknown extension, long',
      bytes: message(element(0x77, element(0x80, '1.'.repeat(BOUND / 2)))),
    },
    { name: 'a new password of marks', bytes: modify(element(0x82, marks(BOUND))), isOwn: true },
    {
      name: 'an owner of marks',
      bytes: modify(element(0x80, `uid=${marks(BOUND - 100)},ou=people,${base}`)),
      isOwn: true,
    },
    {
      name: 'an owner of many names',
      bytes: modify(element(0x80, 'a=b,'.repeat(BOUND / 4))),
      isOwn: true,
    },
    {
      name: 'a modification that goes on',
      bytes: modify(repeated(element(0x04, ''), BOUND)),
      isOwn: true,
    },
    {
      name: 'a write of many parts',
      bytes: message(element(0x66, element(0x04, base), repeated(element(0x30), BOUND))),
    },
  );
  const names: Record<string, string> = {
    'a bind as marks': `uid=${marks(ANONYMOUS - 100)},ou=people,${base}`,
    'a bind as nobody of marks': marks(ANONYMOUS),
    'a bind as many names': `${'a=b,'.repeat(ANONYMOUS / 4)}${base}`,
    'a bind as a name with an escape': `uid=\\,${'x'.repeat(ANONYMOUS - 100)},ou=people,${base}`,
  };
  for (const [name, who] of Object.entries(names)) {
    packets.push({ name, bytes: bind(who, 'x'), isBind: true });
  }
  packets.push({
    name: 'a bind with a password of marks',
    bytes: bind(`uid=alice,ou=people,${base}`, marks(ANONYMOUS - 100)),
    isBind: true,
  });
  return packets;
}

const message = (...parts: Buffer[]) => element(0x30, integer(0x02, 7), ...parts);
const set = (tag: number, count: number, each: Buffer) => element(tag, ...Array(count).fill(each));
const assertion = (tag: number, attribute: string, value: string) =>
  element(tag, element(0x04, attribute), element(0x04, value));
const substrings = (attribute: string, parts: Buffer) =>
  element(0xa4, element(0x04, attribute), element(0x30, parts));
const extensible = (rule: string, attribute: string | undefined, value: string, names = false) =>
  element(
    0xa9,
    element(0x81, rule),
    attribute === undefined ? '' : element(0x82, attribute),
    element(0x83, value),
    names ? element(0x84, Buffer.of(0xff)) : '',
  );
const search = (
  base: string,
  filter: Buffer,
  attributes: Buffer = NOTHING,
  more: Buffer = NOTHING,
) => message(searchBody(base, filter, attributes, more));
const searchBody = (
  base: string,
  filter: Buffer,
  attributes: Buffer = NOTHING,
  more: Buffer = NOTHING,
) =>
  element(
    0x63,
    element(0x04, base),
    integer(0x0a, 2),
    integer(0x0a, 0),
    integer(0x02, 0),
    integer(0x02, 0),
    element(0x01, Buffer.of(0)),
    filter,
    element(0x30, attributes),
    more,
  );
const compare = (entry: string, attribute: string, value: string) =>
  message(
    element(
      0x6e,
      element(0x04, entry),
      element(0x30, element(0x04, attribute), element(0x04, value)),
    ),
  );
const modify = (fields: Buffer) =>
  message(
    element(0x77, element(0x80, '1.3.6.1.4.1.4203.1.11.1'), element(0x81, element(0x30, fields))),
  );
const bind = (name: string, password: string) =>
  message(element(0x60, integer(0x02, 3), element(0x04, name), element(0x80, password)));
