import { describeError } from '../describe-error.ts';
import { type Finding, fail } from './finding.ts';

/** What a check throws is a finding. */
export async function attempt<Result>(
  findings: Finding[],
  what: string,
  work: () => Promise<Result>,
): Promise<Result | undefined> {
  try {
    return await work();
  } catch (error) {
    const { reason, faults } = describeError(error);
    for (const text of faults.length > 0 ? faults : [reason])
      findings.push(fail(`${what}: ${text}`));
    return undefined;
  }
}
