/** Something happened, or may have: whoever waits goes on, and what is raised while nobody waits is not lost. */
export type Signal = {
  raise(): void;
  /** Returns when raised, at the latest after `ms` milliseconds. */
  wait(ms: number): Promise<void>;
};

export function createSignal(): Signal {
  let isRaised = false;
  let wake: (() => void) | undefined;
  return {
    raise() {
      isRaised = true;
      wake?.();
    },
    async wait(ms) {
      if (!isRaised) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, ms);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
      isRaised = false;
      wake = undefined;
    },
  };
}
