import type { Filter } from '../protocol/filter.ts';
import { typesAsked } from './match-extensible.ts';

/** What judging one entry by a filter costs, in values that are compared with one part of it. */
export function weightOf(filter: Filter): number {
  switch (filter.type) {
    case 'and':
    case 'or':
      return filter.filters.reduce((sum, each) => sum + weightOf(each), 1);
    case 'not':
      return 1 + weightOf(filter.filter);
    case 'substrings':
      return 1 + filter.any.length;
    case 'extensible':
      return typesAsked(filter) * filter.value.split('*').length;
    default:
      return 1;
  }
}
