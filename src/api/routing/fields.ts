import { z } from 'zod';

/** Words about a field, for the document of the API. */
type About = { description?: string; example?: unknown };

/** Text that a rule of the domain checks; `fault` says what is wrong, or undefined. */
export function checkedText(
  fault: (value: string) => string | undefined,
  { max = 2_000, ...about }: About & { max?: number } = {},
) {
  return z
    .string()
    .max(max)
    .superRefine((value, context) => {
      const message = fault(value);
      if (message !== undefined) context.addIssue({ code: 'custom', message: sentence(message) });
    })
    .meta(about);
}

/** A whole number within bounds. */
export function number({ min, max }: { min: number; max: number }, about: About = {}) {
  return z.int().min(min).max(max).meta(about);
}

/** A list that is the whole list. */
export function whole<Item extends z.ZodType>(
  item: Item,
  { max = 1_000, ...about }: About & { max?: number } = {},
) {
  return z.array(item).max(max).meta(about);
}

/** A moment as answers tell it (RFC 3339), in UTC. */
export const moment = z.string().meta({ format: 'date-time' });

export function told(time: Date): string {
  return time.toISOString();
}

function sentence(fault: string): string {
  return `It ${fault}.`;
}
