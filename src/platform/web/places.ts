import { BusyError } from '../errors/busy-error.ts';

/**
 * Places for work that takes memory or time: so many in all, and so many for each owner of a kind, so that
 * neither one member nor one community takes what everybody shares.
 */
export type Places<Kind extends string> = {
  /**
   * Takes a place at once; nobody waits for one.
   * @returns gives it back; may be called more than once
   * @throws BusyError when there is none left, in all or for one of the owners
   */
  take(owners: Record<Kind, string>): () => void;
};

export function createPlaces<Kind extends string>(
  what: string,
  inAll: number,
  each: Record<Kind, number>,
): Places<Kind> {
  const kinds = Object.keys(each) as Kind[];
  const taken = new Map<string, number>();
  let free = inAll;
  return {
    take(owners) {
      const keys = kinds.map((kind): [key: string, most: number] => [
        `${kind} ${owners[kind]}`,
        each[kind],
      ]);
      const full = keys.find(([key, most]) => (taken.get(key) ?? 0) >= most);
      if (free === 0 || full !== undefined) {
        const whose = full === undefined ? 'in all' : `of one ${full[0].split(' ')[0]}`;
        throw new BusyError(`too many ${what} at once, ${whose}`);
      }
      free -= 1;
      for (const [key] of keys) taken.set(key, (taken.get(key) ?? 0) + 1);
      let isTaken = true;
      return () => {
        if (!isTaken) return;
        isTaken = false;
        free += 1;
        for (const [key] of keys) {
          const left = (taken.get(key) ?? 1) - 1;
          if (left === 0) taken.delete(key);
          else taken.set(key, left);
        }
      };
    },
  };
}
