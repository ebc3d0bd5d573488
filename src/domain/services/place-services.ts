import type { ServiceRow } from './service-rows.ts';

type Placed = { id: string; position?: number | undefined };

/**
 * The order of a community's services once some are placed: those take the positions that they ask for, the
 * others keep their order around them, and new ones come last.
 * @param rows in the order that they have
 * @returns position by id, from 0 on and without gaps
 */
export function placeServices(
  rows: readonly Pick<ServiceRow, 'id'>[],
  changes: readonly Placed[],
): Map<string, number> {
  const placed = changes
    .filter(({ position }) => position !== undefined)
    .sort((a, b) => (a.position as number) - (b.position as number));
  const moving = new Set(placed.map(({ id }) => id));
  const ids = new Set([...rows, ...changes].map(({ id }) => id));
  const order = [...ids].filter((id) => !moving.has(id));
  for (const { id, position } of placed) order.splice(position as number, 0, id);
  return new Map(order.map((id, index) => [id, index]));
}

/** Whether services that were there stand in another order now. */
export function isReordered(
  rows: readonly Pick<ServiceRow, 'id'>[],
  order: ReadonlyMap<string, number>,
): boolean {
  const positions = rows.map(({ id }) => order.get(id) as number);
  return positions.some((position, index) => position < (positions[index - 1] ?? 0));
}
