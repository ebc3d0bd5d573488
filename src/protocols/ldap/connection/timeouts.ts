import type { LdapLimits } from './limits.ts';
import type { Outgoing } from './outgoing.ts';

/** How long a client is waited for; what has been waited for too long is told by `verdict`. */
export class Timeouts {
  #limits: LdapLimits;
  #heardAt = performance.now();
  /** When a message began that is not whole. */
  #begunAt: number | undefined;
  /** When the client last took some of what waits for it, and how much it had taken by then. */
  #tookAt = performance.now();
  #taken = 0;

  constructor(limits: LdapLimits) {
    this.#limits = limits;
  }

  /** The client said something, or has just been answered. */
  heard(): void {
    this.#heardAt = performance.now();
  }

  /** @param isAwaited whether a message has begun, is not whole, and the client is being read from */
  read(isAwaited: boolean): void {
    this.#begunAt = isAwaited ? (this.#begunAt ?? performance.now()) : undefined;
  }

  verdict(
    now: number,
    outgoing: Outgoing,
    is: { busy: boolean; bound: boolean },
  ): 'stalled' | 'slow' | 'idle' | undefined {
    const { taken } = outgoing;
    if (taken !== this.#taken || outgoing.isAllTaken) {
      this.#taken = taken;
      this.#tookAt = now;
    }
    const { stalled, message, boundIdle, anonymousIdle } = this.#limits;
    if (now - this.#tookAt > stalled) return 'stalled';
    if (this.#begunAt !== undefined && now - this.#begunAt > message) return 'slow';
    const idle = is.bound ? boundIdle : anonymousIdle;
    return !is.busy && now - this.#heardAt > idle ? 'idle' : undefined;
  }
}
