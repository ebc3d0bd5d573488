import { hash } from 'node:crypto';
import type { Database, Queryable, Transaction } from '../../platform/database/database.ts';
import { SealError, type Sealer } from '../../platform/secrets/sealer.ts';
import { ExpiredError, NotFoundError } from '../errors.ts';
import { answerDoneStep, type DoneStep, findDoneStep, noteDoneStep } from './done-step-store.ts';

/** A step as one browser does it. */
export type Step = {
  /** Null on the operators' console. */
  communityId: string | null;
  /** The cookie that stands behind the browser's forms; never stored. */
  browser: string;
  /** What tells the step from others: which form of which page, of which link, of which app's request; never stored. */
  name: string;
};

/** Where a step led. */
export type Answer = {
  /** The member who did it, or whom it made; undefined where nobody is known by it. */
  subject?: string | undefined;
  /** A whole address or a path of this host; undefined where a sign-in of the subject follows. */
  ledTo?: string | undefined;
  /** Identifier of the session that the browser was given with it. */
  sessionId?: string | undefined;
  /** What the browser was given with it to go on with a sign-in that is on its way. */
  pendingToken?: string | undefined;
  /** The one-time code that it was done with: brought once more, it counts for nothing else. */
  code?: string | undefined;
  /** What its answer shows this once, such as a secret of which a hash is kept. */
  shown?: Readonly<Record<string, string>> | undefined;
};

/** `doneAt` names the note among those of the same step. */
export type Done = Answer & { doneAt: string };

export const doneStepContext = (communityId: string | null, key: string) =>
  `done-step:${communityId ?? 'operators'}:${key}`;

/** The note of a step: nothing in it opens anything, or says who did what, without the hub's key. */
export function doneStepOf(
  sealer: Sealer,
  { communityId, browser, name }: Step,
  answer: Answer,
): DoneStep & { subject: string | undefined } {
  const key = keyOf({ browser, name });
  const context = doneStepContext(communityId, key.toString('hex'));
  return {
    key,
    browserHash: hash('sha256', `browser ${browser}`, 'buffer'),
    subject: answer.subject,
    sealedAnswer: sealer.seal(JSON.stringify(answer), context),
  };
}

/** Notes a step in the transaction that does it. @returns false when another request has done the same meanwhile */
export function noteStep(
  sealer: Sealer,
  tx: Transaction,
  step: Step,
  answer: Answer,
  replaced?: string,
): Promise<boolean> {
  return noteDoneStep(tx, step.communityId, doneStepOf(sealer, step, answer), replaced);
}

/**
 * Does a step that counts once, and of which only the answer knows what it made: of the same form sent twice at
 * once, the second waits for the first, and both have its answer.
 * @param work all of it, in the transaction that notes it; where it throws, nothing is noted
 * @param replaced when it was done before, where that counts no more
 * @throws ExpiredError when the other's answer cannot be read here
 */
export async function doStepOnce(
  parts: { database: Database; sealer: Sealer },
  step: Step | undefined,
  work: (tx: Transaction) => Promise<Answer>,
  replaced?: string,
): Promise<Answer> {
  const { database, sealer } = parts;
  if (step === undefined) return database.transaction(work);
  const before = replaced === undefined ? await findDone(parts, step) : undefined;
  if (before !== undefined) return before;
  const done = await database.transaction(async (tx) => {
    if (!(await noteStep(sealer, tx, step, {}, replaced))) return undefined;
    const answer = await work(tx);
    await answerDoneStep(tx, step.communityId, doneStepOf(sealer, step, answer));
    return answer;
  });
  const answer = done ?? (await findDone(parts, step));
  if (answer === undefined) throw new ExpiredError('the same was done meanwhile');
  return answer;
}

/**
 * A change after which nothing is left to change: where it finds nothing, and this very step has done it, it led
 * where that did.
 * @param change throws NotFoundError when there is nothing (any more), and returns what is against it
 * @returns `isNew`: it was done now; `against`: nothing was
 */
export async function changeOnce<Against>(
  parts: { database: Database; sealer: Sealer },
  step: Step | undefined,
  answer: Answer,
  change: (tx: Transaction) => Promise<Against | undefined>,
): Promise<{ answer: Answer; isNew: boolean } | { against: Against }> {
  try {
    const against = await parts.database.transaction(async (tx) => {
      const found = await change(tx);
      if (found === undefined && step) await noteStep(parts.sealer, tx, step, answer);
      return found;
    });
    return against === undefined ? { answer, isNew: true } : { against };
  } catch (error) {
    const done = error instanceof NotFoundError && step && (await findDone(parts, step));
    if (!done) throw error;
    return { answer: done, isNew: false };
  }
}

type Parts = { database: Queryable; sealer: Sealer };

/** What this browser did a moment ago; undefined for any other. */
export function findDone(parts: Parts, step: Step): Promise<Done | undefined> {
  return findDoneByKey(parts, step.communityId, keyOf(step));
}

export async function findDoneByKey(
  { database, sealer }: Parts,
  communityId: string | null,
  key: Buffer,
): Promise<Done | undefined> {
  const found = await findDoneStep(database, communityId, key);
  if (found === undefined) return undefined;
  const { sealedAnswer, doneAt } = found;
  const context = doneStepContext(communityId, key.toString('hex'));
  try {
    const answer = JSON.parse(sealer.open(sealedAnswer, context).toString()) as Answer;
    return { ...answer, doneAt };
  } catch (error) {
    // Of another key than this process has: the visitor does without.
    if (error instanceof SealError) return undefined;
    throw error;
  }
}

function keyOf({ browser, name }: Pick<Step, 'browser' | 'name'>): Buffer {
  return hash('sha256', JSON.stringify([browser, name]), 'buffer');
}
