import { cancelDeletion } from '../../domain/account-deletion/delete-account.ts';
import { NotFoundError } from '../../domain/errors.ts';
import { noFields } from '../../platform/web/form-fields.ts';
import { timesFor } from '../components/times.ts';
import type { CommunityRequest } from '../routing/community-request.ts';
import { type CommunityRoute, route } from '../routing/community-route.ts';
import type { WebParts } from '../routing/web-parts.ts';
import { admit } from '../sign-in/complete-sign-in.ts';
import type { PendingSignIn } from '../sign-in/pending-sign-in.ts';
import { type SignInTarget, signInPath } from '../sign-in/sign-in-target.ts';
import { onTheWay, SIGN_INS } from '../sign-in/who.ts';

/** ISSUER/login[/UID]/decision: a right sign-in to an account that is to be deleted; whether it stays. */
export const DECISION_ROUTES: CommunityRoute[] = SIGN_INS.flatMap(({ path, params }) => [
  route({
    method: 'GET',
    path: `${path}/decision`,
    params,
    who: onTheWay('decision'),
    async handle({ parts, request, who: { pending, target } }) {
      const due = await dueDate(parts, pending);
      if (due === undefined) {
        request.redirect(signInPath(target));
        return;
      }
      request.page(
        {
          page: 'deletion-pending',
          action: `${request.issuer.basePath}${signInPath(target)}/decision`,
          csrf: request.csrf(),
          due: timesFor(request, { zoneinfo: null }).day(due),
          homeUrl: request.issuer.basePath || '/',
        },
        { leaves: target.interaction !== undefined },
      );
    },
  }),
  // The account stays, and the sign-in goes on.
  route({
    method: 'POST',
    path: `${path}/decision`,
    params,
    who: onTheWay('decision'),
    form: noFields,
    async handle({ parts, request, who: { pending, target } }) {
      try {
        await parts.database.transaction((tx) => cancelDeletion(tx, pending.personId));
      } catch (error) {
        // The same form was sent a moment ago; whoever is gone is not let in anyhow.
        if (!(error instanceof NotFoundError)) throw error;
      }
      await parts.settle();
      await goOn(parts, request, pending, target);
    },
  }),
]);

function goOn(
  parts: WebParts,
  request: CommunityRequest,
  pending: PendingSignIn,
  target: SignInTarget,
): Promise<void> {
  const proven = { amr: pending.provenAmr ?? ['pwd'], credential: pending.credential, pending };
  return admit(parts, request, proven, { ...target, returnPath: pending.returnPath });
}

async function dueDate(
  { database }: WebParts,
  { personId }: PendingSignIn,
): Promise<Date | undefined> {
  const [person] = await database.query<{ due: Date }>(
    'SELECT deletion_due_at AS due FROM persons WHERE id = $1 AND deletion_due_at IS NOT NULL',
    [personId],
  );
  return person?.due;
}
