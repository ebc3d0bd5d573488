import { z } from 'zod';
import { uuid } from '../../platform/text/uuid-schema.ts';

/** Of which member a page of the console is. */
export const memberParams = z.object({ subject: uuid });
