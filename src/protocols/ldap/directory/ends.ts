import type { PersonRow } from './read-directory.ts';

/** When people become less than they are: nobody announces that time has passed (invariant 4). */
export type Ends = {
  /** Takes in when people end who were read a moment ago. */
  note(rows: readonly Pick<PersonRow, 'subject' | 'endsIn'>[], gone?: readonly string[]): void;
  stop(): void;
};

/** A timer takes no longer span; it is set again. */
const LONGEST_MS = 24 * 3_600_000;

/** @param onEnd is told whom to read again, at their ends */
export function watchEnds(onEnd: (subjects: string[]) => void): Ends {
  /** By subject, on this process's clock that only goes forward. */
  const due = new Map<string, number>();
  let timer: NodeJS.Timeout | undefined;

  function wait(): void {
    clearTimeout(timer);
    if (due.size === 0) return;
    let next = Number.POSITIVE_INFINITY;
    for (const at of due.values()) next = Math.min(next, at);
    const span = Math.min(LONGEST_MS, Math.max(1, Math.ceil(next - performance.now())));
    timer = setTimeout(tell, span).unref();
  }

  function tell(): void {
    const now = performance.now();
    const ended = [...due].filter(([, at]) => at <= now).map(([subject]) => subject);
    for (const subject of ended) due.delete(subject);
    if (ended.length > 0) onEnd(ended);
    wait();
  }

  return {
    note(rows, gone = []) {
      for (const subject of gone) due.delete(subject);
      for (const { subject, endsIn } of rows) {
        if (endsIn === null) due.delete(subject);
        else due.set(subject, performance.now() + endsIn);
      }
      wait();
    },
    stop() {
      clearTimeout(timer);
      due.clear();
    },
  };
}
