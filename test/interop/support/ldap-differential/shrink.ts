import type { Filter } from '../../../../src/protocols/ldap/protocol/filter.ts';
import type { SearchRequest } from '../../../../src/protocols/ldap/protocol/message.ts';
import type { Question } from './answers.ts';

/** Makes a question smaller again and again, as long as it is still answered differently. */
export async function smallest(
  question: Question,
  isDifferent: (question: Question) => Promise<boolean>,
): Promise<Question> {
  for (const smaller of smallerQuestions(question)) {
    if (await isDifferent(smaller)) return smallest(smaller, isDifferent);
  }
  return question;
}

function* smallerQuestions({ request, pageSize }: Question): Generator<Question> {
  if (pageSize !== undefined) yield { request };
  if (request.kind !== 'search') return;
  for (const smaller of smallerSearches(request)) yield { request: smaller, pageSize };
}

function* smallerSearches(search: SearchRequest): Generator<SearchRequest> {
  for (const filter of smallerFilters(search.filter)) yield { ...search, filter };
  if (search.typesOnly) yield { ...search, typesOnly: false };
  if (search.sizeLimit > 0) yield { ...search, sizeLimit: 0 };
  if (search.timeLimit > 0) yield { ...search, timeLimit: 0 };
  if (search.attributes.join() !== '1.1') yield { ...search, attributes: ['1.1'] };
  for (const [index] of search.attributes.entries()) {
    const attributes = search.attributes.toSpliced(index, 1);
    if (attributes.length > 0) yield { ...search, attributes };
  }
}

function* smallerFilters(filter: Filter): Generator<Filter> {
  if (filter.type === 'and' || filter.type === 'or') {
    yield* filter.filters;
    for (const [index, inner] of filter.filters.entries()) {
      yield { ...filter, filters: filter.filters.toSpliced(index, 1) };
      for (const smaller of smallerFilters(inner))
        yield { ...filter, filters: filter.filters.with(index, smaller) };
    }
  } else if (filter.type === 'not') {
    yield filter.filter;
    for (const smaller of smallerFilters(filter.filter)) yield { type: 'not', filter: smaller };
  } else if (filter.type === 'substrings') {
    yield* smallerSubstrings(filter);
  }
}

function* smallerSubstrings(filter: Extract<Filter, { type: 'substrings' }>): Generator<Filter> {
  const { initial, any, final } = filter;
  const count = any.length + (initial === undefined ? 0 : 1) + (final === undefined ? 0 : 1);
  if (count < 2) return;
  if (initial !== undefined) yield { ...filter, initial: undefined };
  if (final !== undefined) yield { ...filter, final: undefined };
  for (const [index] of any.entries()) yield { ...filter, any: any.toSpliced(index, 1) };
}
