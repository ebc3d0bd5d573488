import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodePagedResults,
  encodePagedResults,
} from '../../../src/protocols/ldap/protocol/controls.ts';
import {
  decodePasswordModify,
  encodeGeneratedPassword,
} from '../../../src/protocols/ldap/protocol/password-modify-value.ts';
import { ProtocolError } from '../../../src/protocols/ldap/protocol/result.ts';
import { element, integer } from '../support/encode-request.ts';

const bytes = fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array));
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });

describe('the paged results value (RFC 2696 §2)', () => {
  it('is read as it was written', () => {
    fc.assert(
      fc.property(fc.nat(2 ** 31 - 1), bytes, (size, cookie) => {
        expect(decodePagedResults(encodePagedResults({ size, cookie }))).toEqual({ size, cookie });
      }),
    );
  });

  it('is written as OpenLDAP writes it', () => {
    const page = (size: number) => encodePagedResults({ size, cookie: Buffer.alloc(0) });
    expect(page(100).toString('hex')).toBe('30050201640400');
    expect(page(200).toString('hex')).toBe('3006020200c80400');
    expect(page(2 ** 31 - 1).toString('hex')).toBe('300802047fffffff0400');
  });

  it('is refused when it is none, whatever the bytes', () => {
    const cookie = element(0x04, '');
    for (const wrong of [
      element(0x30, integer(0x02, -1), cookie),
      element(0x30, integer(0x02, 1)),
      Buffer.concat([element(0x30, integer(0x02, 1), cookie), Buffer.of(0)]),
      Buffer.alloc(0),
    ])
      expect(() => decodePagedResults(wrong), wrong.toString('hex')).toThrow(ProtocolError);
    fc.assert(fc.property(bytes, (some) => onlyProtocolError(() => decodePagedResults(some))));
  });
});

describe('the password modify value (RFC 3062 §2)', () => {
  it('may lack any of its parts, or be left out', () => {
    const name = fc.string({ unit: 'grapheme', maxLength: 40 });
    fc.assert(
      fc.property(maybe(name), maybe(bytes), maybe(bytes), (user, oldPassword, newPassword) => {
        const parts = [user, oldPassword, newPassword].map((part, index) =>
          part === undefined ? '' : element(0x80 + index, part),
        );
        expect(decodePasswordModify(element(0x30, ...parts))).toEqual({
          user,
          oldPassword,
          newPassword,
        });
      }),
    );
    const nothing = { user: undefined, oldPassword: undefined, newPassword: undefined };
    expect(decodePasswordModify(undefined)).toEqual(nothing);
  });

  it('is refused when it is none, whatever the bytes', () => {
    for (const wrong of ['', '80', '3002', '300100', '30008000'])
      expect(() => decodePasswordModify(Buffer.from(wrong, 'hex')), wrong).toThrow(ProtocolError);
    fc.assert(fc.property(bytes, (some) => onlyProtocolError(() => decodePasswordModify(some))));
  });

  it('gives a generated password as ldappasswd reads it', () => {
    expect(encodeGeneratedPassword('été').toString('hex')).toBe('30078005c3a974c3a9');
  });
});

function onlyProtocolError(run: () => unknown): void {
  try {
    run();
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
  }
}
