import { z } from 'zod';

/** What a file field held; undefined when nothing was chosen. */
export type Upload = Buffer | 'too-large' | undefined;

/** A form that has buttons only. */
export const noFields = z.object({});

/** What somebody typed, whatever it is: the handler judges it, and the page shows it again. */
export const typed = z.string().default('');

/** An address, without the space that typing leaves around it. */
export const address = typed.transform((text) => text.trim());

/** A checkbox of the value `yes`. */
export const checkbox = z
  .string()
  .optional()
  .transform((value) => value === 'yes');

/** A parameter that says something by being there. */
export const present = z
  .unknown()
  .optional()
  .transform((value) => value !== undefined);

/** One of these; anything else is as good as nothing. */
export function oneOf<const Value extends string>(...values: Value[]) {
  return z.enum(values).optional().catch(undefined);
}

/** A random token of ours, or what is left of one after a mail program cut it. */
export const linkToken = z.string().regex(/^[\w-]+$/);
/** The same where nothing cuts it. */
export const wholeToken = z.string().regex(/^[\w-]{43}$/);

/** What something is called in addresses. */
export const slug = z.string().regex(/^[a-z0-9-]{1,63}$/);

export type Pairs = Iterable<readonly [name: string, value: string]>;

/**
 * The fields of a form by name. One that is given twice counts once, by its last value, unless the schema
 * says that it is a list.
 */
export function fieldsFor(schema: z.ZodObject, pairs: Pairs): Record<string, string | string[]> {
  const fields = new Map<string, string | string[]>();
  for (const [name, value] of pairs) {
    const kept = fields.get(name);
    if (!isList(schema.shape[name])) fields.set(name, value);
    else if (Array.isArray(kept)) kept.push(value);
    else fields.set(name, [value]);
  }
  return Object.fromEntries(fields);
}

/** The parameters of a query by name. One that is given twice is a list, which few schemas take. */
export function parametersFor(
  schema: z.ZodObject,
  pairs: Pairs,
): Record<string, string | string[]> {
  const parameters = new Map<string, string | string[]>();
  for (const [name, value] of pairs) {
    const kept = parameters.get(name);
    const first = isList(schema.shape[name]) ? [value] : value;
    parameters.set(name, kept === undefined ? first : [kept, value].flat());
  }
  return Object.fromEntries(parameters);
}

type Definition = { type: string; innerType?: z.ZodType; in?: z.ZodType };

function isList(schema: unknown): boolean {
  const definition = (schema as z.ZodType | undefined)?.def as Definition | undefined;
  if (definition === undefined) return false;
  return definition.type === 'array' || isList(definition.innerType ?? definition.in);
}
