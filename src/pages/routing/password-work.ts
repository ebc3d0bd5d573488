import type { Context } from 'koa';
import type { PasswordAsker, PasswordWork } from '../../domain/people/passwords.ts';
import type { WebParts } from './web-parts.ts';

export type PasswordPlace = {
  /** Takes a place, as whoever asks; one that was taken before is given back for it. @throws BusyError */
  enter(asker: PasswordAsker): void;
  /** What is done there. */
  work(): PasswordWork;
};

/** A request's place for work on passwords: free again when the answer has left, or the visitor has. */
export function passwordPlace(
  { passwords }: Pick<WebParts, 'passwords'>,
  ctx: Context,
): PasswordPlace {
  let taken: PasswordWork | undefined;
  return {
    enter(asker) {
      const before = taken;
      taken = passwords.enter(asker);
      before?.leave();
      ctx.res.once('close', taken.leave);
    },
    work() {
      if (taken === undefined) throw new Error('this route does not say that it hashes');
      return taken;
    },
  };
}
