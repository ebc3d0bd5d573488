import { type Refusal, RefusedError } from './errors.ts';

/** Why a value of a change is refused. */
export type Fault = {
  code: Refusal;
  /** Keys that lead to the value, such as `['client', 'redirectUris', 1]`. */
  path: readonly (string | number)[];
  /** What the value is, such as `the redirect address "…"`; never a secret's value. */
  subject: string;
  /** What is wrong with it and what to do, without its subject: `must begin with https://`. */
  fault: string;
};

/** A fault of the change that stands at `index` of those that were given. */
export type PlacedFault = Fault & { index: number };

/** Changes that were made together and refused together: none of them was made. */
export class RefusedChangesError extends RefusedError {
  readonly refusals: readonly PlacedFault[];
  constructor(refusals: readonly [PlacedFault, ...PlacedFault[]]) {
    const [{ code }] = refusals;
    super(code, refusals.map(({ subject, fault }) => `${subject} ${fault}`).join('; '));
    this.refusals = refusals;
  }
}

/** @throws RefusedChangesError when there is any fault */
export function refuseFaults(faults: readonly PlacedFault[]): void {
  const [first, ...rest] = faults;
  if (first !== undefined) throw new RefusedChangesError([first, ...rest]);
}
