import type { Fault } from '../refused-changes.ts';

/** Numbers that a community gives to its people and groups. */
export type PosixRange = { firstNumber: number; count: number };

/** Below are the systems' own users; beyond the largest, not every client can count. */
const FIRST_NUMBER = 1_000;
const LAST_NUMBER = 2_147_483_646;
export const POSIX_FIRST_NUMBER = { min: FIRST_NUMBER, max: LAST_NUMBER };
export const POSIX_COUNT = { min: 1, max: LAST_NUMBER - FIRST_NUMBER + 1 };
/** Systems give these to users of their own: systemd's dynamic ones, and nobody (65534). */
const TAKEN = { firstNumber: 61_184, count: 4_352 };

/** What is wrong with a range, whatever others have. */
export function rangeFaults(range: PosixRange): Fault[] {
  const { firstNumber, count } = range;
  const faults: Fault[] = [];
  const add = (key: keyof PosixRange, fault: string) =>
    faults.push({ code: 'value', path: [key], subject: 'the range', fault });
  if (!Number.isInteger(firstNumber) || firstNumber < FIRST_NUMBER)
    add('firstNumber', `must begin with a whole number from ${FIRST_NUMBER} on`);
  if (!Number.isInteger(count) || count < 1) add('count', 'must have at least one number');
  if (firstNumber + count - 1 > LAST_NUMBER)
    add('count', `reaches beyond ${LAST_NUMBER}, the largest number there is`);
  if (rangesOverlap(range, TAKEN)) {
    const last = TAKEN.firstNumber + TAKEN.count - 1;
    add(
      'firstNumber',
      `takes in some of ${TAKEN.firstNumber} to ${last}, which systems give to users of their own: begin at 100000, for example`,
    );
  }
  return faults;
}

export function rangesOverlap(a: PosixRange, b: PosixRange): boolean {
  return a.firstNumber < b.firstNumber + b.count && b.firstNumber < a.firstNumber + a.count;
}

/** What stands in a line of passwd(5), where colons part the fields (IA5String of RFC 2307). */
const PATH = /^\/[\x21-\x39\x3b-\x7e]*$/;

export function homeFault(value: string): string | undefined {
  return PATH.test(value) && value.includes('{username}') && value.length <= 255
    ? undefined
    : 'must be a path with {username} in it, such as /home/{username}, in ASCII without spaces and colons';
}

export function shellFault(value: string): string | undefined {
  return PATH.test(value) && value.length <= 255
    ? undefined
    : 'must be the path of a program, such as /bin/bash, in ASCII without spaces and colons';
}
