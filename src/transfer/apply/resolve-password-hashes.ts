import { availableParallelism } from 'node:os';
import { checkPassword, hashPassword, isOfToday } from '../../domain/people/password.ts';
import { passwordHashText } from './fields.ts';

/** One place for a password: a member, an operator, or an LDAP reader of theirs or of a service. */
export type PasswordPlace = string;

export const memberPlace = (slug: string, usernameKey: string): PasswordPlace =>
  `member ${slug} ${usernameKey}`;
export const operatorPlace = (emailKey: string): PasswordPlace => `operator ${emailKey}`;
export const operatorReaderPlace = (name: string): PasswordPlace => `operator-reader ${name}`;
export const readerPlace = (slug: string, service: string): PasswordPlace =>
  `reader ${slug} ${service}`;

export type PasswordDesk = {
  /**
   * The hash that a place should have: the stored one where it is that of this password, else a new
   * one. The same question is answered from memory.
   */
  settle(place: PasswordPlace, password: string, stored: string | null): Promise<string>;
};

/**
 * Hashing takes tens of milliseconds a password, on libuv's threads. All of it is done before the
 * transaction begins (`settleAll`), which then only asks for what is known.
 * @param dryRun nothing is hashed: what would be new is a word that is no hash
 */
export function createPasswordDesk(dryRun: boolean): PasswordDesk {
  const settled = new Map<string, Promise<string>>();
  return {
    settle(place, password, stored) {
      const question = JSON.stringify([place, password, stored]);
      let answer = settled.get(question);
      if (answer === undefined) {
        answer = settle(password, stored, dryRun);
        settled.set(question, answer);
      }
      return answer;
    },
  };
}

async function settle(password: string, stored: string | null, dryRun: boolean): Promise<string> {
  if (stored !== null && (await checkPassword(stored, password)).matches) return stored;
  return dryRun ? 'not hashed' : hashPassword(password);
}

/**
 * The hash that a place should have by a file that gives a hash. What another system kept is a beginning:
 * once it was replaced by one of ours, by a sign-in or a change of the password, the file does not undo that.
 */
export function settleHash(given: string, stored: string | null): string {
  if (stored === null) return given;
  if (isOfToday(stored)) return isOfToday(given) ? given : stored;
  // The same hash, written in another way.
  return passwordHashText(stored) === given ? stored : given;
}

export type PasswordQuestion = { place: PasswordPlace; password: string };

/** Settles many passwords, as many at once as there are processors. */
export async function settleAll(
  desk: PasswordDesk,
  questions: readonly PasswordQuestion[],
  stored: ReadonlyMap<PasswordPlace, string>,
  onProgress: (line: string) => void,
): Promise<void> {
  const queue = questions.values();
  const step = Math.max(100, Math.ceil(questions.length / 20));
  let done = 0;
  const work = async () => {
    for (const { place, password } of queue) {
      await desk.settle(place, password, stored.get(place) ?? null);
      done += 1;
      if (done % step === 0) onProgress(`passwords: ${done} of ${questions.length}`);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
}
