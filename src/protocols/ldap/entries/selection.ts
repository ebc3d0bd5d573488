import { LRUCache } from 'lru-cache';
import { roomFor } from '../../../platform/work/cache-room.ts';
import type { Entry } from '../directory/directory.ts';
import { encodeName, type ResponseWriter } from '../protocol/response-writer.ts';
import {
  ATTRIBUTE_TYPES,
  type AttributeType,
  findAttributeType,
} from '../schema/attribute-types.ts';
import { ENTRY_TYPES, entryDn, type Scene } from './entry-types.ts';

/** Names as answers carry them: in the schema's spelling, whatever the request's (row 15). */
const ENCODED_NAMES = ATTRIBUTE_TYPES.map(({ name }) => encodeName(name));

/** Which attributes a search asks for, by the kind of entry. */
export type Selection = Record<Entry['kind'], readonly AttributeType[]>;

/** Reads attribute lists, and remembers those of late: what apps ask for is the same again and again. */
export type Selections = { of(attributes: readonly string[]): Selection };

export function createSelections(): Selections {
  const known = new LRUCache<string, Selection>(roomFor(500));
  return {
    of(attributes) {
      // The list of one empty name is not the empty list.
      const key = `${attributes.length}\0${attributes.join('\0')}`;
      let selection = known.get(key);
      if (selection === undefined) {
        selection = selectAttributes(attributes);
        if (key.length < 2_000) known.set(key, selection);
      }
      return selection;
    },
  };
}

/**
 * Reads the attribute list of a search (RFC 4511 §4.5.1.8): none or `*` for the user attributes, `+` for
 * the operational ones (RFC 3673), `1.1` for none; what the schema does not know is left out, and an
 * empty name counts for nothing (row 15).
 */
function selectAttributes(attributes: readonly string[]): Selection {
  // An empty name alone asks for nothing: it is not the empty list.
  const user = attributes.length === 0 || attributes.includes('*');
  const operational = attributes.includes('+');
  const named = new Set(
    attributes.flatMap((attribute) => findAttributeType(attribute)?.withSubtypes ?? []),
  );
  const of = (kind: Entry['kind']) => {
    const type = ENTRY_TYPES[kind];
    const asked = (all: boolean) => (each: AttributeType) => all || named.has(each);
    return [...type.user.filter(asked(user)), ...type.operational.filter(asked(operational))];
  };
  return {
    person: of('person'),
    group: of('group'),
    service: of('service'),
    container: of('container'),
    special: of('special'),
  };
}

/** Writes one SearchResultEntry (RFC 4511 §4.5.2). */
export function writeEntry(
  writer: ResponseWriter,
  id: number,
  entry: Entry,
  scene: Scene,
  selection: Selection,
  typesOnly: boolean,
): void {
  writer.beginEntry(id, entryDn(entry, scene.directory));
  const { getters } = ENTRY_TYPES[entry.kind];
  for (const { index } of selection[entry.kind]) {
    const values = getters[index]?.(entry, scene);
    if (values === undefined) continue;
    writer.beginAttribute(ENCODED_NAMES[index] as Buffer);
    if (!typesOnly) {
      if (typeof values === 'string') writer.value(values);
      else for (const value of values) writer.value(value);
    }
    writer.endAttribute();
  }
  writer.endEntry();
}
