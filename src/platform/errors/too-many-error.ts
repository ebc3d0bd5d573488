/** Somebody asked for something more often than they may; they may again after a while. */
export class TooManyError extends Error {
  override readonly name = 'TooManyError';
  readonly retryAfterSeconds: number;

  constructor(message: string, retryAfterSeconds: number) {
    super(message);
    this.retryAfterSeconds = retryAfterSeconds;
  }
}
