import { z } from 'zod';
import { UUID } from './uuid.ts';

/** What is said of a malformed one, which is answered as one that does not exist. */
export const NO_SUCH_ID = 'no such id';

/** An id of an address or a form. */
export const uuid = z.string(NO_SUCH_ID).regex(UUID, NO_SUCH_ID);
