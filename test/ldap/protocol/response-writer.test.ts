import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TAG } from '../../../src/protocols/ldap/protocol/message.ts';
import {
  encodeAttribute,
  encodeName,
  noticeOfDisconnection,
  ResponseWriter,
} from '../../../src/protocols/ldap/protocol/response-writer.ts';
import { RESULT } from '../../../src/protocols/ldap/protocol/result.ts';
import { controls, text } from '../support/arbitrary-message.ts';
import { decodeResponses, scanResponses } from '../support/decode-response.ts';

const id = fc.integer({ min: 1, max: 2 ** 31 - 1 });
const attributes = fc.uniqueArray(fc.tuple(text, fc.array(text, { maxLength: 5 })), {
  maxLength: 8,
  selector: ([name]) => name,
});

type Entry = { dn: string; attributes: [string, string[]][] };

function write(writer: ResponseWriter, number: number, entry: Entry, prepared: boolean): void {
  writer.beginEntry(number, entry.dn);
  for (const [name, values] of entry.attributes) {
    if (prepared) writer.encodedAttribute(encodeAttribute(name, values));
    else {
      writer.beginAttribute(encodeName(name));
      for (const value of values) writer.value(value);
      writer.endAttribute();
    }
  }
}

const ALICE: Entry = { dn: 'uid=alice,ou=people,o=lamyne', attributes: [['uid', ['alice']]] };

describe('ResponseWriter', () => {
  it('writes entries that a client reads as they are, attributes prepared or not', () => {
    const entry = fc.record({ dn: text, attributes });
    fc.assert(
      fc.property(id, entry, controls, fc.boolean(), (number, written, extra, prepared) => {
        const writer = new ResponseWriter();
        write(writer, number, written, prepared);
        writer.endEntry(extra);
        expect(decodeResponses(writer.take())).toEqual([
          {
            id: number,
            tag: TAG.searchResultEntry,
            controls: extra,
            entry: { dn: written.dn, attributes: new Map(written.attributes) },
          },
        ]);
      }),
      { numRuns: 1_000 },
    );
  });

  it('writes results that a client reads as they are', () => {
    const result = fc.record({
      code: fc.constantFrom(...Object.values(RESULT)),
      matchedDn: text,
      message: text,
      responseName: text,
      responseValue: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
    });
    fc.assert(
      fc.property(id, result, controls, (number, written, extra) => {
        const writer = new ResponseWriter();
        writer.result(number, TAG.extendedResponse, { ...written, controls: extra });
        expect(decodeResponses(writer.take())).toEqual([
          { id: number, tag: TAG.extendedResponse, controls: extra, result: written },
        ]);
      }),
    );
  });

  it('gives what was taken for good: later answers do not touch it', () => {
    const writer = new ResponseWriter();
    const taken: Buffer[] = [];
    for (let number = 1; number <= 500; number++) {
      write(writer, number, ALICE, number % 2 === 0);
      writer.endEntry();
      if (number % 3 === 0) taken.push(writer.take());
    }
    taken.push(writer.take());
    const ids = decodeResponses(Buffer.concat(taken)).map((response) => response.id);
    expect(ids).toEqual(Array.from({ length: 500 }, (_, index) => index + 1));
  });

  it('grows to whatever an answer needs', () => {
    const letters = [...'aé€'];
    const sizes = [24, 25, 42, 43, 63, 64, 70, 127, 128, 255, 256, 21_845, 21_846, 35_000, 70_000];
    const values = sizes.flatMap((size) => letters.map((letter) => letter.repeat(size)));
    const writer = new ResponseWriter();
    write(writer, 1, { dn: '', attributes: [['jpegPhoto', values]] }, false);
    writer.endEntry();
    const [response] = decodeResponses(writer.take());
    expect(response?.entry?.attributes.get('jpegPhoto')).toEqual(values);
  });

  it('loses no byte where one buffer ends and the next begins', () => {
    for (let size = 1_900; size < 2_060; size++) {
      const attribute = encodeAttribute('cn', ['a'.repeat(size)]);
      const writer = new ResponseWriter();
      writer.beginEntry(1, '');
      writer.encodedAttribute(attribute);
      writer.endEntry();
      writer.result(1, TAG.searchResultDone, { code: RESULT.success, message: 'done' });
      writer.result(2, TAG.searchResultDone, { code: RESULT.success });
      const responses = decodeResponses(writer.take());
      expect(responses.map(({ result }) => result?.message)).toEqual([undefined, 'done', '']);
      expect(responses[0]?.entry?.attributes.get('cn')?.[0]).toHaveLength(size);
    }
  });

  it('writes every number in the shortest form that keeps its sign', () => {
    const writer = new ResponseWriter();
    for (let bits = 7; bits <= 31; bits += 8)
      for (const number of [2 ** bits - 1, 2 ** bits].filter((value) => value < 2 ** 31)) {
        writer.result(number, TAG.bindResponse, { code: RESULT.success });
        const taken = writer.take();
        expect(decodeResponses(taken)[0]?.id).toBe(number);
        expect(taken[3], `bytes of ${number}`).toBe(Math.ceil((Math.log2(number + 1) + 1) / 8));
      }
  });

  it('drops an entry that was begun and not ended, and the answers around it stay whole', () => {
    const writer = new ResponseWriter();
    write(writer, 1, ALICE, false);
    writer.endEntry();
    write(writer, 1, ALICE, false);
    writer.result(1, TAG.searchResultDone, { code: RESULT.other });
    write(writer, 2, ALICE, true);
    write(writer, 3, ALICE, true);
    writer.endEntry();
    write(writer, 4, ALICE, true);
    const responses = decodeResponses(writer.take());
    expect(responses.map((response) => [response.id, response.tag])).toEqual([
      [1, TAG.searchResultEntry],
      [1, TAG.searchResultDone],
      [3, TAG.searchResultEntry],
    ]);
    expect(writer.length).toBe(0);
    expect(() => writer.endEntry()).toThrow('no entry was begun');
  });

  it('writes a result that is but a code in the shortest form', () => {
    const writer = new ResponseWriter();
    writer.result(2, TAG.searchResultDone, { code: RESULT.success });
    expect(writer.take().toString('hex')).toBe('300c02010265070a010004000400');
  });

  it('writes the name of an extended response that says nothing else', () => {
    const writer = new ResponseWriter();
    const responseName = '1.3.6.1.4.1.1466.20037';
    writer.result(2, TAG.extendedResponse, { code: RESULT.success, responseName });
    expect(decodeResponses(writer.take())[0]?.result).toMatchObject({ code: 0, responseName });
  });

  it('says why it closes a connection as RFC 4511 §4.4.1 has it', () => {
    const [notice] = decodeResponses(noticeOfDisconnection(RESULT.unavailable, 'shutting down'));
    expect(notice).toMatchObject({
      id: 0,
      tag: TAG.extendedResponse,
      result: {
        code: 52,
        message: 'shutting down',
        responseName: '1.3.6.1.4.1.1466.20036',
      },
    });
  });

  it('can be read by the scanner of load programs, in pieces of any size', () => {
    const writer = new ResponseWriter();
    for (const number of [1, 300, 70_000]) {
      write(writer, number, ALICE, true);
      writer.endEntry();
      writer.result(number, TAG.searchResultDone, { code: RESULT.sizeLimitExceeded });
    }
    const bytes = writer.take();
    for (let cut = 0; cut <= bytes.length; cut++) {
      const seen: number[][] = [];
      const used = scanResponses(bytes.subarray(0, cut), (...response) => seen.push(response));
      scanResponses(bytes.subarray(used), (...response) => seen.push(response));
      expect(seen).toEqual(
        [1, 300, 70_000].flatMap((number) => [
          [number, TAG.searchResultEntry, -1],
          [number, TAG.searchResultDone, RESULT.sizeLimitExceeded],
        ]),
      );
    }
  });
});

describe('encodeAttribute', () => {
  it('takes the shortest length that a reader understands, for values of any size', () => {
    for (const size of [0, 1, 127, 128, 255, 256, 65_535, 65_536, 2 ** 24]) {
      const writer = new ResponseWriter();
      write(writer, 1, { dn: '', attributes: [['jpegPhoto', ['a'.repeat(size)]]] }, true);
      writer.endEntry();
      const [response] = decodeResponses(writer.take());
      expect(response?.entry?.attributes.get('jpegPhoto')?.[0]?.length).toBe(size);
    }
    expect(
      encodeAttribute('cn', ['b'.repeat(130)])
        .subarray(0, 13)
        .toString('hex'),
    ).toBe('30818c0402636e318185048182');
  });
});

it('room that was given back is written again, and never before', () => {
  const writer = new ResponseWriter();
  const large = (letter: string) => {
    writer.beginEntry(1, 'o=x');
    writer.beginAttribute(encodeName('cn'));
    for (let n = 0; n < 50; n += 1) writer.value(letter.repeat(1_000));
    writer.endAttribute();
    writer.endEntry();
    return writer.takeToSend();
  };
  large('a');
  const kept = large('a');
  const before = Buffer.from(kept.bytes);
  const others = Array.from({ length: 10 }, () => large('b'));
  expect(kept.bytes.equals(before)).toBe(true);
  kept.release?.();
  expect(large('c').bytes.buffer).toBe(kept.bytes.buffer);
  expect(new Set(others.map(({ bytes }) => bytes.buffer)).size).toBe(10);
});
