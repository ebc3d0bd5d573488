import { z } from 'zod';
import type { Sealer } from '../../platform/secrets/sealer.ts';
import { ProblemError } from './problem.ts';

export const LIST_LIMIT = { usual: 50, most: 200 };

/** The parameters of every list: how many, and from where on. */
export const paging = {
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(LIST_LIMIT.most)
    .default(LIST_LIMIT.usual)
    .meta({ description: `how many at the most; ${LIST_LIMIT.usual} unless said otherwise` }),
  cursor: z
    .string()
    .max(1_000)
    .optional()
    .meta({ description: 'the `next` of the page before; without it, the list begins' }),
};

/** A page of a list. */
export function listOf<Item extends z.ZodType>(item: Item) {
  return z.object({
    items: z.array(item),
    next: z
      .string()
      .nullable()
      .meta({ description: 'what to give as `cursor` for the next page; null on the last' }),
  });
}

export type Cursors = {
  /** @returns what stood after which the page begins. @throws ProblemError for what is none of this list's */
  open(cursor: string | undefined): string | undefined;
  make(after: string | undefined): string | null;
};

/**
 * Cursors say where a page ends, by the key of the order: who comes and goes meanwhile is neither told twice nor
 * left out. They are of one list, of one community, with the same filters.
 * @param list what tells it from every other list
 */
export function cursorsOf(sealer: Sealer, list: readonly unknown[]): Cursors {
  const seal = (after: string) =>
    sealer.digest('api-cursor', JSON.stringify([...list, after])).slice(0, 16);
  return {
    open(cursor) {
      if (cursor === undefined) return undefined;
      const text = Buffer.from(cursor, 'base64url').toString();
      const after = text.slice(16);
      if (text.slice(0, 16) === seal(after)) return after;
      throw new ProblemError(400, 'cursor', 'begin the list again, without a cursor', [
        { parameter: 'cursor', detail: 'It is not one that this list gave, with these filters.' },
      ]);
    },
    make: (after) =>
      after === undefined ? null : Buffer.from(seal(after) + after).toString('base64url'),
  };
}

/** A page of what is there whole, by a key that grows. */
export function pageOf<Item>(
  items: readonly Item[],
  keyOf: (item: Item) => string,
  { after, limit }: { after: string | undefined; limit: number },
): { items: Item[]; next: string | undefined } {
  const rest = after === undefined ? items : items.filter((item) => keyOf(item) > after);
  const page = rest.slice(0, limit);
  const last = page.at(-1);
  return { items: page, next: rest.length > limit && last ? keyOf(last) : undefined };
}
