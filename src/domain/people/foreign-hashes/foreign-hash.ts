/**
 * A password hash as another system wrote it. It is checked until the first right sign-in, which puts ours in
 * its place (docs/decisions/0038-kinds-of-foreign-hashes.md).
 */
export type ForeignHash = {
  /** As it is kept: one spelling, wherever it came from. */
  text: string;
  /** The algorithm, for people; what belongs to the same costs alike for the same number of rounds. */
  family: string;
  /** Milliseconds of a processor that a try takes, as `cost.ts` reckons them. */
  cost: number;
  /** Takes the processor for that long: it runs in the threads of `hash-threads.ts`. */
  check(password: string): boolean;
};

const LEAVE_OUT =
  'leave it out, and the member chooses a new password by e-mail, or gets one by: trousseau member password';
const COPY_WHOLE = 'copy it whole, and put it between single quotes';

/** Why a text is not taken, and what to do: what follows "this one". */
export class HashFault {
  readonly words: string;
  constructor(what: string, whatToDo: string = LEAVE_OUT) {
    this.words = `${what}: ${whatToDo}`;
  }
}

/** @param kind such as "bcrypt" */
export function cutOrAltered(kind: string): HashFault {
  return new HashFault(`begins like a hash of ${kind}, but is cut or altered`, COPY_WHOLE);
}

/** What a text is as one kind of hash; undefined where it is none of that kind. */
export type HashReader = (text: string) => ForeignHash | HashFault | undefined;
