import { z } from 'zod';

const SHAPE = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** What is said of a malformed one, which is answered as one that does not exist. */
export const NO_SUCH_ID = 'no such id';

/** What ids look like in addresses and forms; PostgreSQL takes nothing else for one, and writes them so. */
export const uuid = z.string(NO_SUCH_ID).regex(SHAPE, NO_SUCH_ID);

/** In either case, as people type it. */
export function isUuid(text: string): boolean {
  return SHAPE.test(text.toLowerCase());
}
