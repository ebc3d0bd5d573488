import { baseClashes } from '../../domain/communities/ldap-base.ts';
import {
  POSIX_FIRST_NUMBER,
  type PosixRange,
  rangeFaults,
  rangesOverlap,
} from '../../domain/posix/posix-rules.ts';
import type { Context, Path } from './faults.ts';
import { type Raw, record, textAt } from './raw.ts';

type Base = { base: string; path: Path; index: number };

/** Bases of the file that are one another's, or inside one another; those of the hub are compared later. */
export function reportLdapBases({ report, lineOf }: Context, communities: readonly Raw[]): void {
  const bases = communities.flatMap((row, index) => baseOf(row, index, communities));
  for (const { inner, outer, same } of baseClashes(bases)) {
    const [earlier, later] = inner.index < outer.index ? [inner, outer] : [outer, inner];
    const line = lineOf(earlier.path);
    if (same) {
      report(later.path, `is the same LDAP base as on line ${line}: each may stand once`);
    } else {
      const relation = later === inner ? 'lies inside' : 'holds';
      report(
        later.path,
        `${relation} the LDAP base of line ${line} ("${earlier.base}"): each community needs a tree of its own`,
      );
    }
  }
}

/** Without a base given, it is `o=SLUG`; a slug that stands twice is told as that, and not once more here. */
function baseOf(row: Raw, index: number, all: readonly Raw[]): Base[] {
  const given = textAt(record(row.ldap), 'base');
  if (given !== undefined) {
    return [{ base: given, path: ['communities', index, 'ldap', 'base'], index }];
  }
  const slug = textAt(row, 'slug');
  const isFirst = all.findIndex((other) => other.slug === slug) === index;
  if (slug === undefined || !isFirst) return [];
  return [{ base: `o=${slug}`, path: ['communities', index, 'slug'], index }];
}

type Range = PosixRange & { path: Path };

/** Ranges of numbers that overlap, or reach where they must not. */
export function reportPosixRanges({ report, lineOf }: Context, communities: readonly Raw[]): void {
  const ranges = communities.flatMap(rangeOf);
  for (const [index, range] of ranges.entries()) {
    const { firstNumber, count, path } = range;
    // What the schema has said already is not said twice.
    for (const fault of rangeFaults(range))
      if (isWithinSchema(range)) report([...path, ...fault.path], fault.fault);
    const earlier = ranges.slice(0, index).find((other) => rangesOverlap(range, other));
    if (earlier === undefined) continue;
    report(
      [...path, 'firstNumber'],
      `has numbers (${firstNumber} to ${firstNumber + count - 1}) that the range on line ${lineOf(earlier.path)} has, too: no number may be of two communities`,
    );
  }
}

function isWithinSchema({ firstNumber, count }: PosixRange): boolean {
  return firstNumber >= POSIX_FIRST_NUMBER.min && count > 0;
}

function rangeOf(row: Raw, index: number): Range[] {
  const { firstNumber, count } = record(record(row.ldap).posix);
  if (!Number.isInteger(firstNumber) || !Number.isInteger(count)) return [];
  const path = ['communities', index, 'ldap', 'posix'];
  return [{ firstNumber: firstNumber as number, count: count as number, path }];
}
