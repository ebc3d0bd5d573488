import { RefusedError } from '../../domain/errors.ts';
import { RefusedChangesError } from '../../domain/refused-changes.ts';
import type { GroupFault } from './group-pages.ts';

/** Where on the page a refused value of a group came from. */
function faultOf(code: string, path: readonly (string | number)[]): GroupFault | undefined {
  if (code === 'group-taken') return { field: 'name', code: 'taken' };
  if (code === 'group-name')
    return { field: path[0] === 'description' ? 'description' : 'name', code: 'shape' };
  if (code === 'group-cycle') return { field: 'child', code: 'cycle' };
  if (code === 'group-full') return { field: 'people', code: 'full' };
  if (code === 'value' && path[0] === 'seats') return { field: 'seats', code: 'shape' };
  return undefined;
}

/**
 * @returns what is wrong with each field
 * @throws what is no fault of a field
 */
export async function groupFaults(work: Promise<unknown>): Promise<GroupFault[]> {
  try {
    await work;
    return [];
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error;
    const refusals =
      error instanceof RefusedChangesError ? error.refusals : [{ code: error.code, path: [] }];
    const faults = refusals.map(({ code, path }) => faultOf(code, path));
    if (faults.some((fault) => fault === undefined)) throw error;
    const seen = new Map(faults.map((fault) => [fault?.field, fault as GroupFault]));
    return [...seen.values()];
  }
}
