import type { Entry } from '../directory/directory.ts';
import type { AttributeType } from '../schema/attribute-types.ts';

type Prepare = (value: string) => string | undefined;

/**
 * The values of an entry's long lists, made ready once for all the parts of a filter that look at them in
 * turn: three hundred parts would else fold the names of a group's ten thousand members three hundred times.
 */
export class PreparedLists {
  #entry: Entry | undefined;
  #lists = new Map<Prepare, Map<AttributeType, readonly string[]>>();

  of(entry: Entry, type: AttributeType, values: readonly string[], prepare: Prepare) {
    if (entry !== this.#entry) this.#lists.clear();
    this.#entry = entry;
    let lists = this.#lists.get(prepare);
    if (lists === undefined) {
      lists = new Map();
      this.#lists.set(prepare, lists);
    }
    let list = lists.get(type);
    if (list === undefined) {
      list = values.flatMap((value) => prepare(value) ?? []);
      lists.set(type, list);
    }
    return list;
  }
}
