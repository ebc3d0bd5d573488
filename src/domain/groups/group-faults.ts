import { lineFault } from '../../platform/text/text-faults.ts';
import { tidyName } from '../memberships/display-name.ts';

const MAX_NAME = 128;
const MAX_DESCRIPTION = 1000;
/** How many seats a group may have. */
export const GROUP_SEATS = { min: 1, max: 1_000_000 };

/** A group's name as it is kept. */
export const tidyGroupName = tidyName;

/** What is wrong with a group's name, in any form; undefined when nothing is. */
export function groupNameFault(name: string): string | undefined {
  return lineFault(tidyGroupName(name), { max: MAX_NAME });
}

export function groupDescriptionFault(description: string): string | undefined {
  return lineFault(description, { max: MAX_DESCRIPTION });
}
