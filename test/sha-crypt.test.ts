import { expect, it } from 'vitest';
import { shaCrypt } from '../src/domain/people/foreign-hashes/sha-crypt.ts';

/** The examples of "Unix crypt using SHA-256 and SHA-512", and what crypt(3) says of the edges. */
const EXAMPLES: [salt: string, rounds: number, password: string, digest: string][] = [
  [
    'saltstring',
    5_000,
    'Hello world!',
    'svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1',
  ],
  [
    'saltstringsaltstring',
    10_000,
    'Hello world!',
    'OW1/O6BYHV6BcXZu8QVeXbDWra3Oeqh0sbHbbMCVNSnCM/UrjmM0Dp8vOuZeHBy/YTBmSK6H9qs/y3RnOaw5v.',
  ],
  [
    'toolongsaltstring',
    5_000,
    'This is just a test',
    'lQ8jolhgVRVhY4b5pZKaysCLi0QBxGoNeKQzQ3glMhwllF7oGDZxUhx1yxdYcz/e1JSbq3y6JMxxl8audkUEm0',
  ],
  [
    'anotherlongsaltstring',
    1_400,
    'a very much longer text to encrypt.  This one even stretches over morethan one line.',
    'POfYwTEok97VWcjxIiSOjiykti.o/pQs.wPvMxQ6Fm7I6IoYN3CmLs66x9t0oSwbtEW7o7UmJEiDwGqd8p4ur1',
  ],
  [
    'short',
    77_777,
    'we have a short salt string but not a short password',
    'WuQyW2YR.hBNpjjRhpYD/ifIw05xdfeEyQoMxIXbkvr0gge1a1x3yRULJ5CCaUeOxFmtlcGZelFl5CxtgfiAc0',
  ],
  [
    'roundstoolow',
    1_000,
    'the minimum number is still observed',
    'kUMsbe306n21p9R.FRkW3IGn.S9NPN0x50YhH1xhLsPuWGsUSklZt58jaTfF4ZEQpyUNGc0dqbpBYYBaHHrsX.',
  ],
  [
    'abc',
    5_000,
    '',
    'mJP3a6FyA8uCnzRtlnNypPwjnvpi5TP9qOrInzrfDmwxUQG38PkpCPdqfTb8JQfAngapMxeim4AZ..hSdRRzD.',
  ],
];

it.each(EXAMPLES)(
  'SHA-512: %s, %i rounds, %j: as the specification has it',
  (salt, rounds, password, digest) => {
    expect(shaCrypt('sha512', password, salt, rounds)).toBe(digest);
  },
);

/** Of libxcrypt 4.4, through perl's crypt. */
const LONG = 'x'.repeat(200);
const OF_SHA256: [salt: string, rounds: number, password: string, digest: string][] = [
  ['abcdefgh', 5_000, '', 'mnv0N8gJGuJiQCFVlADjwwxPyRiUO8rGuljjETTLqw9'],
  ['abcdefgh', 5_000, 'Hello world!', 'QohcF7QwIaa385DT5GzqHwNlO583.hkCNgp9Vkr/uNC'],
  ['abcdefgh', 5_000, LONG, 'p1DRMssem7UX3RykoeHgHd2cOJOmkx4pzILzbY0TMm9'],
  ['anotherlongsaltstring', 1_400, '', '7IcTVudmZDHdXM3GIn4KAxA5tvn.eciiARdqRBeqNs/'],
  ['anotherlongsaltstring', 1_400, LONG, '5vYFGmtdsx7pyk9E/4wNW96dPLgD5OGnYX7Uc0EB8KA'],
  ['', 5_000, '', '3c2QQ0KjIU1OLtB29cl8Fplc2WN7X89bnoEjaR7tWu.'],
  ['', 5_000, 'Hello world!', 'mAwMsDaqjtxAtGqstEIf7OBR15rgcx.jSKGM94IKRj/'],
  ['short', 77_777, LONG, '7nHCAgvCuqXgYEKsuIBT.LuhmolQtc0GRXsp7hchpz.'],
];

it.each(OF_SHA256)(
  'SHA-256: %s, %i rounds, %j: as crypt(3) has it',
  (salt, rounds, password, digest) => {
    expect(shaCrypt('sha256', password, salt, rounds)).toBe(digest);
  },
);

it('SHA-512 without salt, and of long passwords: as crypt(3) has it', () => {
  expect(shaCrypt('sha512', '', '', 5_000)).toBe(
    '/chiBau24cE26QQVW3IfIe68Xu5.JQ4E8Ie7lcRLwqxO5cxGuBhqF2HmTL.zWJ9zjChg3yJYFXeGBQ2y3Ba1d1',
  );
  expect(shaCrypt('sha512', LONG, '', 5_000)).toBe(
    '5az4VHGKnXBMYmP7OFEiz7ltE/AzTHW8Fmo03bwLh1pbUIbQwCYpiBplgqUOi70SxJNK04Q6XiLcwkRsZWE5e/',
  );
});
