import { describe, expect, it } from 'vitest';
import { createCookieKeys } from '../src/platform/secrets/cookie-keys.ts';

/** As keygrip 1.1.0 signs them. */
const SIGNED = {
  data: 'session=+/?',
  byNew: 'F9BXgopcBTyHHkxnF-OxXMIHkKk',
  byOld: 'bAyqQU-mJvDJqhr-LXxoEpuPfls',
};

describe('the keys that cookies are signed with', () => {
  const keys = createCookieKeys(['new-key', 'old-key']);

  it('sign as keygrip does: what it signed before goes on', () => {
    expect(keys.sign(SIGNED.data)).toBe(SIGNED.byNew);
    expect(keys.index(SIGNED.data, SIGNED.byNew)).toBe(0);
  });

  it('know what an older key signed, so that it is signed anew', () => {
    expect(keys.verify(SIGNED.data, SIGNED.byOld)).toBe(true);
    expect(keys.index(SIGNED.data, SIGNED.byOld)).toBe(1);
  });

  it.each([
    ['one of other data', 'session=other', SIGNED.byNew],
    ['one with a character changed', SIGNED.data, SIGNED.byNew.replace('F', 'G')],
    ['its beginning', SIGNED.data, SIGNED.byNew.slice(0, -1)],
    ['one with more behind it', SIGNED.data, `${SIGNED.byNew}=`],
    ['none', SIGNED.data, ''],
    ['as many characters that are not ASCII', SIGNED.data, 'é'.repeat(SIGNED.byNew.length)],
  ])('know no signature in %s', (_what, data, signature) => {
    expect(keys.verify(data, signature)).toBe(false);
  });
});
