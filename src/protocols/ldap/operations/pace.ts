/** How long refusals take here, so that those which need no hashing take as long (row 23). */
export type Pace = {
  /** Tells how long a wrong password took, in milliseconds. */
  took(milliseconds: number): void;
  /** Resolves when about as much time has passed since `started` as a wrong password takes. */
  keepUp(started: number): Promise<void>;
};

const REMEMBERED = 31;
const FIRST_GUESS_MS = 40;

export function createPace(): Pace {
  const durations: number[] = [];
  return {
    took(milliseconds) {
      durations.push(milliseconds);
      if (durations.length > REMEMBERED) durations.shift();
    },
    async keepUp(started) {
      // One of the last real ones: a fixed time would stand out among times that vary.
      const pick = durations[Math.floor(Math.random() * durations.length)] ?? FIRST_GUESS_MS;
      const left = pick - (performance.now() - started);
      if (left > 0) await new Promise((resolve) => setTimeout(resolve, left));
    },
  };
}
