import type { PlacedFault } from '../refused-changes.ts';

/** Changes of one call that name what an earlier one of them names. */
export function repeatedSlugFaults(changes: readonly { slug: string }[]): PlacedFault[] {
  const seen = new Set<string>();
  return changes.flatMap(({ slug }, index): PlacedFault[] => {
    if (!seen.has(slug)) {
      seen.add(slug);
      return [];
    }
    const fault = 'stands twice among these changes: leave one of them out';
    return [{ index, code: 'slug-taken', path: ['slug'], subject: `"${slug}"`, fault }];
  });
}
