import type { Entry } from '../directory/directory.ts';
import { type Values, valuesOf } from '../entries/entry-types.ts';
import type { AttributeType } from '../schema/attribute-types.ts';
import { FALSE, type Matcher, type Setting, TRUE } from './matcher.ts';

/** What is asked of a value. What `prepare` makes of it can serve other assertions, too. */
export type ValueTest = {
  /** Undefined for a value that is not of the rule's syntax. */
  prepare(value: string): string | undefined;
  holds(prepared: string): boolean;
};

/** Lists that are longer are made ready once for each entry. */
const SHORT_LIST = 16;

/** Looks at the values of some types until one of them passes. */
export function matchValues(
  types: readonly AttributeType[],
  setting: Setting,
  test: ValueTest,
): Matcher {
  const [only] = types;
  if (types.length === 1 && only !== undefined) {
    return (entry) => (anyOf(entry, only, setting, test) ? TRUE : FALSE);
  }
  return (entry) => (types.some((type) => anyOf(entry, type, setting, test)) ? TRUE : FALSE);
}

function anyOf(entry: Entry, type: AttributeType, setting: Setting, test: ValueTest): boolean {
  const values = valuesOf(entry, type, setting.scene);
  if (typeof values === 'object' && values.length > SHORT_LIST) {
    return setting.lists.of(entry, type, values, test.prepare).some(test.holds);
  }
  return anyValue(values, test);
}

export function anyValue(values: Values, { prepare, holds }: ValueTest): boolean {
  if (values === undefined) return false;
  const passes = (value: string) => {
    const prepared = prepare(value);
    return prepared !== undefined && holds(prepared);
  };
  return typeof values === 'string' ? passes(values) : values.some(passes);
}
