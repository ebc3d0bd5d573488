import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Long to run and short to read: their steps are in other files, or they wait for what they started. */
const LONG =
  /\/(twice\/|too-many-faces|commands-and-files|service-commands-and-files|size-in-memory)/;

/**
 * Where no run has left its durations, vitest begins with the largest files. One of these would come last, and be waited
 * for by itself.
 */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isLong = ({ moduleId }: TestSpecification) => LONG.test(moduleId);
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}
