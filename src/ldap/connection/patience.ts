import type { Socket } from 'node:net';
import type { LdapLimits } from './limits.ts';

/** How long a client is waited for; what has been waited for too long is told by `verdict`. */
export class Patience {
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

  /** @param isWithin whether a message has begun and is not whole */
  read(isWithin: boolean): void {
    this.#begunAt = isWithin ? (this.#begunAt ?? this.#heardAt) : undefined;
  }

  verdict(
    now: number,
    socket: Socket,
    is: { busy: boolean; bound: boolean },
  ): 'stalled' | 'slow' | 'idle' | undefined {
    if (socket.bytesWritten !== this.#taken || socket.writableLength === 0) {
      this.#taken = socket.bytesWritten;
      this.#tookAt = now;
    }
    const { stalled, message, boundIdle, anonymousIdle } = this.#limits;
    if (now - this.#tookAt > stalled) return 'stalled';
    if (this.#begunAt !== undefined && now - this.#begunAt > message) return 'slow';
    const idle = is.bound ? boundIdle : anonymousIdle;
    return !is.busy && now - this.#heardAt > idle ? 'idle' : undefined;
  }
}
