import { NotFoundError } from '../../domain/errors.ts';
import { cancelDeletion } from '../../domain/people/delete-account.ts';
import { RequestError } from '../../platform/web/http-errors.ts';
import type { CommunityRequest } from '../routing/community-request.ts';
import type { WebParts } from '../routing/web-parts.ts';
import { admit } from '../sign-in/complete-sign-in.ts';
import { findPendingSignIn, type PendingSignIn } from '../sign-in/pending-sign-in.ts';
import { readTarget, type SignInTarget, signInPath } from '../sign-in/sign-in-target.ts';
import { dayOf } from './day.ts';

/** GET ISSUER/login[/UID]/decision: a right sign-in to an account that is to be deleted. */
export async function showDecision(
  parts: WebParts,
  request: CommunityRequest,
  [uid]: string[],
): Promise<void> {
  const target = await readTarget(request, uid);
  const pending = await findPendingSignIn(parts.database, request, target, 'decision');
  const due = pending && (await dueDate(parts, pending));
  if (due === undefined) {
    request.redirect(signInPath(target));
    return;
  }
  request.page(
    {
      page: 'account/deletion-pending',
      action: `${request.issuer.basePath}${signInPath(target)}/decision`,
      csrf: request.csrf(),
      due: dayOf(request, due, null),
      homeUrl: request.issuer.basePath || '/',
    },
    { leaves: target.interaction !== undefined },
  );
}

/** POST ISSUER/login[/UID]/decision: the account stays, and the sign-in goes on. */
export async function submitDecision(
  parts: WebParts,
  request: CommunityRequest,
  [uid]: string[],
): Promise<void> {
  await request.form();
  const target = await readTarget(request, uid);
  const pending = await findPendingSignIn(parts.database, request, target, 'decision');
  if (pending === undefined) throw new RequestError(400, 'expired', 'no sign-in on its way');
  try {
    await parts.database.transaction((tx) => cancelDeletion(tx, pending.personId));
  } catch (error) {
    if (error instanceof NotFoundError) throw new RequestError(400, 'expired', error.message);
    throw error;
  }
  await parts.settle();
  await goOn(parts, request, pending, target);
}

function goOn(
  parts: WebParts,
  request: CommunityRequest,
  pending: PendingSignIn,
  target: SignInTarget,
): Promise<void> {
  const proven = { amr: pending.provenAmr ?? ['pwd'], restsOn: pending.restsOn, pending };
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
