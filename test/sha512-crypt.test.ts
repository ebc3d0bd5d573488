import { expect, it } from 'vitest';
import { sha512Crypt } from '../src/domain/people/sha512-crypt.ts';

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
  '%s, %i rounds, %j: as the specification has it',
  (salt, rounds, password, digest) => {
    expect(sha512Crypt(password, salt, rounds)).toBe(digest);
  },
);
