import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  MAX_ASSERTION_BYTES,
  MAX_FILTER_DEPTH,
  MAX_FILTER_NODES,
  MAX_SUBSTRINGS,
} from '../../../src/protocols/ldap/protocol/decode-filter.ts';
import {
  decodeMessage,
  MAX_CONTROLS,
} from '../../../src/protocols/ldap/protocol/decode-message.ts';
import type { Filter } from '../../../src/protocols/ldap/protocol/filter.ts';
import type { Message } from '../../../src/protocols/ldap/protocol/message.ts';
import { ProtocolError } from '../../../src/protocols/ldap/protocol/result.ts';
import { message } from '../support/arbitrary-message.ts';
import { element, encodeRequest, encodeSearch, integer } from '../support/encode-request.ts';

const ID = integer(0x02, 1);
const UNBIND = element(0x42);

function refuses(frame: Buffer): void {
  expect(() => decodeMessage(frame), frame.toString('hex')).toThrow(ProtocolError);
}

/** A message of one operation, encoded by hand. */
function messageOf(operation: Buffer, ...after: Buffer[]): Buffer {
  return element(0x30, ID, operation, ...after);
}

/** A search whose parts can be replaced by bytes that no client writes. */
function searchOf(parts: {
  scope?: Buffer;
  deref?: Buffer;
  sizeLimit?: Buffer;
  timeLimit?: Buffer;
  typesOnly?: Buffer;
  filter?: Buffer;
}): Buffer {
  return messageOf(
    element(
      0x63,
      element(0x04, ''),
      parts.scope ?? integer(0x0a, 2),
      parts.deref ?? integer(0x0a, 0),
      parts.sizeLimit ?? integer(0x02, 0),
      parts.timeLimit ?? integer(0x02, 0),
      parts.typesOnly ?? element(0x01, Buffer.of(0)),
      parts.filter ?? element(0x87, 'cn'),
      element(0x30),
    ),
  );
}

function filterOf(bytes: Buffer): Filter {
  const { request } = decodeMessage(searchOf({ filter: bytes }));
  if (request.kind !== 'search') throw new Error('not a search');
  return request.filter;
}

function nested(kind: string, depth: number): string {
  return `${`(${kind}`.repeat(depth - 1)}(cn=a)${')'.repeat(depth - 1)}`;
}

describe('decodeMessage', () => {
  it('reads back every message that a client can write', () => {
    fc.assert(
      fc.property(message, (written) => {
        expect(decodeMessage(encodeRequest(written))).toEqual(written);
      }),
      { numRuns: 2_000 },
    );
  });

  it('gives ProtocolError and nothing else for bytes that are no message', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        onlyProtocolError(Buffer.from(bytes));
        onlyProtocolError(element(0x30, ID, Buffer.from(bytes)));
      }),
      { numRuns: 5_000 },
    );
  });

  it('refuses every message that is cut short, wherever it is cut', () => {
    fc.assert(
      fc.property(message, fc.double({ min: 0, max: 1, noNaN: true }), (written, where) => {
        const whole = encodeRequest(written);
        refuses(whole.subarray(0, Math.floor(where * (whole.length - 1))));
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('the envelope (RFC 4511 §4.1.1)', () => {
  it('takes message ids from 1 to 2^31-1 only', () => {
    expect(decodeMessage(element(0x30, integer(0x02, 2 ** 31 - 1), UNBIND)).id).toBe(2 ** 31 - 1);
    for (const id of [0, -1, -(2 ** 31)]) refuses(element(0x30, integer(0x02, id), UNBIND));
    refuses(element(0x30, element(0x02, Buffer.from('0080000000', 'hex')), UNBIND));
    refuses(element(0x30, element(0x02, Buffer.from('0000000001', 'hex')), UNBIND));
    refuses(element(0x30, element(0x02, ''), UNBIND));
  });

  it('takes ids and lengths that are longer than they need be', () => {
    const frame = Buffer.from('30840000000a02040000000542820000', 'hex');
    expect(decodeMessage(frame)).toEqual({ id: 5, request: { kind: 'unbind' }, controls: [] });
  });

  it('refuses bytes after the message, in the envelope as in an operation', () => {
    refuses(Buffer.concat([messageOf(UNBIND), Buffer.of(0)]));
    for (const contents of [Buffer.of(0), element(0x8f)])
      refuses(messageOf(element(0x42, contents)));
    refuses(messageOf(UNBIND, Buffer.of(0)));
  });

  it('ignores elements that a later version may have put at the end of a sequence (§4)', () => {
    const later = element(0x8f, 'later');
    expect(decodeMessage(messageOf(UNBIND, later)).request).toEqual({ kind: 'unbind' });
    const bind = element(0x60, integer(0x02, 3), element(0x04, ''), element(0x80, ''), later);
    expect(decodeMessage(messageOf(bind)).request.kind).toBe('bind');
  });

  it('refuses responses, unknown operations and tags of several bytes', () => {
    for (const tag of [0x61, 0x64, 0x65, 0x78, 0x7e, 0x5f, 0x30, 0x04, 0x00])
      refuses(messageOf(element(tag)));
    refuses(messageOf(Buffer.from('7f8101', 'hex')));
    refuses(messageOf(UNBIND, Buffer.from('bf0100', 'hex')));
  });
});

describe('lengths (RFC 4511 §5.1)', () => {
  it('refuses the indefinite form, lengths of over four bytes, and lengths that lie', () => {
    refuses(Buffer.from('308002010142000000', 'hex'));
    refuses(Buffer.from('30850000000005020101420000', 'hex'));
    refuses(Buffer.from('30ff', 'hex'));
    for (const end of ['4a80', '4a850000000000', '4a84', '4a8200', '4a'])
      refuses(messageOf(Buffer.from(end, 'hex')));
    refuses(Buffer.from('3084ffffffff0201014200', 'hex'));
    refuses(Buffer.from('30050201014205', 'hex'));
  });

  it('refuses an element that is longer than the one around it, though the frame has room', () => {
    const bind = element(0x60, integer(0x02, 3), element(0x04, ''), Buffer.from('8009', 'hex'));
    refuses(messageOf(bind, element(0x8f, 'padding')));
  });

  it('refuses lengths that end other readers: over the end of a list, and one too small', () => {
    const attribute = encodeSearch(2, '', '(objectClass=*)', { attributes: ['*', '+'] });
    attribute[attribute.length - 2] = 0x21;
    refuses(attribute);
    const substrings = encodeSearch(4, 'o=lamyne', '(cn=a*)', { attributes: ['*'] });
    substrings[substrings.indexOf(0xa4) + 1] = 8;
    refuses(substrings);
  });

  it('refuses strings of the constructed form', () => {
    const name = element(0x24, element(0x04, 'cn'));
    refuses(messageOf(element(0x60, integer(0x02, 3), name, element(0x80, ''))));
  });
});

describe('abandon (RFC 4511 §4.11)', () => {
  it('takes the id of any message, 0 included, and refuses what is none', () => {
    expect(decodeMessage(messageOf(integer(0x50, 0))).request).toEqual({
      kind: 'abandon',
      target: 0,
    });
    refuses(messageOf(integer(0x50, -1)));
    refuses(messageOf(element(0x50)));
  });
});

describe('bind (RFC 4511 §4.2)', () => {
  const bindOf = (version: number, choice: Buffer) =>
    messageOf(element(0x60, integer(0x02, version), element(0x04, 'cn=x'), choice));

  it('keeps the bytes of a password, text or not', () => {
    const password = Buffer.from('ff00fe', 'hex');
    const { request } = decodeMessage(bindOf(3, element(0x80, password)));
    expect(request).toMatchObject({ auth: { simple: password } });
  });

  it('reads an unknown choice of authentication as a mechanism without a name', () => {
    for (const choice of [element(0x8a, 'ticket'), element(0xa9, element(0x04, 'x'))])
      expect(decodeMessage(bindOf(3, choice)).request).toMatchObject({ auth: { sasl: '' } });
  });

  it('takes versions 1 to 127 and refuses others', () => {
    expect(decodeMessage(bindOf(2, element(0x80, ''))).request).toMatchObject({ version: 2 });
    for (const version of [0, -1, 128]) refuses(bindOf(version, element(0x80, '')));
  });

  it('refuses a bind without authentication', () => {
    refuses(bindOf(3, Buffer.alloc(0)));
  });

  it('reads a name in Latin-1 as one that nobody has', () => {
    const name = Buffer.from('uid=élodie', 'latin1');
    const bind = element(0x60, integer(0x02, 3), element(0x04, name), element(0x80, 'x'));
    expect(decodeMessage(messageOf(bind)).request).toMatchObject({ name: 'uid=\ufffdlodie' });
  });
});

describe('search (RFC 4511 §4.5.1)', () => {
  it('refuses unknown scopes, unknown deref choices and negative limits', () => {
    for (const scope of [-1, 4]) refuses(searchOf({ scope: integer(0x0a, scope) }));
    for (const deref of [-1, 4]) refuses(searchOf({ deref: integer(0x0a, deref) }));
    refuses(searchOf({ sizeLimit: integer(0x02, -1) }));
    refuses(searchOf({ timeLimit: integer(0x02, -1) }));
  });

  it('takes any byte but 0 as true, and no other number of bytes', () => {
    const typesOnly = (...bytes: number[]) =>
      searchOf({ typesOnly: element(0x01, Buffer.from(bytes)) });
    expect(decodeMessage(typesOnly(1)).request).toMatchObject({ typesOnly: true });
    refuses(typesOnly());
    refuses(typesOnly(0, 0));
  });

  it('keeps attribute names as they came, empty ones included', () => {
    const attributes = ['*', '+', '', '1.1', 'OBJECTCLASS', 'cn;lang-fr'];
    const { request } = decodeMessage(encodeSearch(1, '', '(cn=*)', { attributes }));
    expect(request).toMatchObject({ attributes });
  });
});

describe('filters (RFC 4511 §4.5.1.7)', () => {
  it('takes the empty sets, which are true and false (RFC 4526)', () => {
    expect(filterOf(element(0xa0))).toEqual({ type: 'and', filters: [] });
    expect(filterOf(element(0xa1))).toEqual({ type: 'or', filters: [] });
  });

  it('takes a filter of the greatest depth and refuses a deeper one', () => {
    for (const kind of ['!', '&', '|']) {
      const deepest = encodeSearch(1, '', nested(kind, MAX_FILTER_DEPTH));
      expect(() => decodeMessage(deepest)).not.toThrow();
      refuses(encodeSearch(1, '', nested(kind, MAX_FILTER_DEPTH + 1)));
    }
  });

  it('refuses a hundred thousand nested filters as fast as a shallow one', () => {
    const bomb = Buffer.alloc(200_000);
    for (let at = 0; at < bomb.length; at += 2) bomb.writeUInt16BE(0xa280, at);
    refuses(searchOf({ filter: bomb }));
    let valid = element(0x87, 'cn');
    for (let depth = 0; depth < 5_000; depth++) valid = element(0xa2, valid);
    refuses(searchOf({ filter: valid }));
  });

  it('takes a filter of the greatest number of parts and refuses a larger one', () => {
    const items = (count: number) => element(0xa1, ...Array(count).fill(element(0x87, 'cn')));
    expect(filterOf(items(MAX_FILTER_NODES - 1))).toMatchObject({ type: 'or' });
    refuses(searchOf({ filter: items(MAX_FILTER_NODES) }));
  });

  it('reads a value that is not text as a filter that is neither true nor false', () => {
    const latin = element(0x04, Buffer.from('é', 'latin1'));
    const cn = element(0x04, 'cn');
    for (const tag of [0xa3, 0xa5, 0xa6, 0xa8])
      expect(filterOf(element(tag, cn, latin))).toEqual({ type: 'undefined' });
    const part = element(0x81, Buffer.of(0xc3));
    expect(filterOf(element(0xa4, cn, element(0x30, part)))).toEqual({ type: 'undefined' });
    const extensible = element(0xa9, element(0x82, 'cn'), element(0x83, Buffer.of(0xff)));
    expect(filterOf(extensible)).toEqual({ type: 'undefined' });
  });

  it('keeps U+FFFD when the client wrote it', () => {
    const replacement = element(0xa3, element(0x04, 'cn'), element(0x04, '\ufffd'));
    expect(filterOf(replacement)).toMatchObject({ type: 'equality', value: '\ufffd' });
  });

  it('reads a kind of filter that it does not know as Undefined, and refuses what is none', () => {
    expect(filterOf(element(0xaa, 'later'))).toEqual({ type: 'undefined' });
    for (const tag of [0x04, 0x30, 0x80, 0xa7, 0x83, 0xa2])
      refuses(searchOf({ filter: element(tag) }));
    for (const second of [element(0x87, 'b'), element(0x30)])
      refuses(searchOf({ filter: element(0xa2, element(0x87, 'a'), second) }));
  });

  it('takes substrings in order only: one initial first, one final last, at least one in all', () => {
    const of = (...parts: Buffer[]) => element(0xa4, element(0x04, 'cn'), element(0x30, ...parts));
    const [initial, any, final] = [element(0x80, 'a'), element(0x81, 'b'), element(0x82, 'c')];
    expect(filterOf(of(initial, any, any, final))).toEqual({
      type: 'substrings',
      attribute: 'cn',
      initial: 'a',
      any: ['b', 'b'],
      final: 'c',
    });
    for (const wrong of [
      of(),
      of(any, initial),
      of(final, any),
      of(initial, initial),
      of(final, final),
      of(element(0x83, 'd')),
    ])
      refuses(searchOf({ filter: wrong }));
  });

  it('takes no empty substring, and no more of all than there may be', () => {
    const of = (...parts: Buffer[]) => element(0xa4, element(0x04, 'cn'), element(0x30, ...parts));
    for (const tag of [0x80, 0x81, 0x82]) refuses(searchOf({ filter: of(element(tag, '')) }));
    const many = (count: number) => of(...Array(count).fill(element(0x81, 'a')));
    const or = (...filters: Buffer[]) => element(0xa1, ...filters);
    expect(filterOf(or(many(MAX_SUBSTRINGS - 1), many(1)))).toMatchObject({ type: 'or' });
    refuses(searchOf({ filter: or(many(MAX_SUBSTRINGS - 1), many(2)) }));
  });

  it('takes a longer value than any entry has for one of no syntax', () => {
    const value = (size: number) => element(0x04, 'x'.repeat(size));
    const equality = (size: number) => element(0xa3, element(0x04, 'cn'), value(size));
    expect(filterOf(equality(MAX_ASSERTION_BYTES))).toMatchObject({ type: 'equality' });
    expect(filterOf(equality(MAX_ASSERTION_BYTES + 1))).toEqual({ type: 'undefined' });
  });

  it('refuses an extensible filter of neither rule nor attribute, and one without a value', () => {
    refuses(searchOf({ filter: element(0xa9, element(0x83, 'x')) }));
    refuses(searchOf({ filter: element(0xa9, element(0x82, 'cn')) }));
  });
});

describe('controls (RFC 4511 §4.1.11)', () => {
  const controlsOf = (...controls: Buffer[]) => messageOf(UNBIND, element(0xa0, ...controls));
  const oid = element(0x04, '1.2.3');

  it('are not critical unless they say so', () => {
    const said = element(0x30, oid, element(0x01, Buffer.of(0)));
    const critical = element(0x30, oid, element(0x01, Buffer.of(0xff)), element(0x04, 'v'));
    const { controls } = decodeMessage(controlsOf(element(0x30, oid), said, critical));
    expect(controls).toEqual([
      { oid: '1.2.3', critical: false, value: undefined },
      { oid: '1.2.3', critical: false, value: undefined },
      { oid: '1.2.3', critical: true, value: Buffer.from('v') },
    ]);
  });

  it('are refused when they are too many, come twice, or are no controls', () => {
    const control = element(0x30, oid);
    expect(decodeMessage(controlsOf(...Array(MAX_CONTROLS).fill(control))).controls).toHaveLength(
      32,
    );
    refuses(controlsOf(...Array(MAX_CONTROLS + 1).fill(control)));
    refuses(messageOf(UNBIND, element(0xa0), element(0xa0)));
    refuses(controlsOf(element(0x04, '1.2.3')));
    refuses(controlsOf(element(0x30)));
    refuses(controlsOf(element(0x30, oid, Buffer.from('0100000400', 'hex'))));
  });
});

function onlyProtocolError(frame: Buffer): Message | undefined {
  try {
    return decodeMessage(frame);
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
}
