import type { StoredPasskey } from '../../domain/passkeys/passkey-store.ts';
import { verifyAssertion } from '../../domain/passkeys/verify-assertion.ts';
import type { CommunityRequest } from '../routing/community-request.ts';
import type { CommunityRoutes } from '../routing/community-route-table.ts';
import type { WebParts } from '../routing/web-parts.ts';
import { completeSignIn } from './complete-sign-in.ts';
import { countWrongPasskey } from './count-wrong-passkey.ts';
import { relyingPartyNamed, sendRequestOptions } from './passkey-request-options.ts';
import { loginPageFor } from './routes.ts';
import { readTarget, type SignInTarget, safeReturnPath } from './sign-in-target.ts';

/** Signing in with a passkey alone, from the first page. It counts as two factors. */
export const PASSKEY_SIGN_IN_ROUTES: CommunityRoutes = [
  [
    'POST',
    /^\/login(?:\/(?!second-factor\/|set-up\/)([\w-]+))?\/passkey\/options$/,
    (parts, request, [uid]) => sendOptions(parts, request, uid),
  ],
  [
    'POST',
    /^\/login(?:\/(?!second-factor\/|set-up\/)([\w-]+))?\/passkey$/,
    (parts, request, [uid]) => submitPasskey(parts, request, uid),
  ],
];

/** An answer counts for the app's request that it was asked for. */
const purposeOf = ({ interaction }: SignInTarget) => `sign-in:${interaction?.uid ?? ''}`;

async function sendOptions(
  parts: WebParts,
  request: CommunityRequest,
  uid: string | undefined,
): Promise<void> {
  const fields = await request.form();
  const target = await readTarget(request, uid);
  const { rpId } = relyingPartyNamed(parts, request, fields.rp);
  const purpose = purposeOf(target);
  await sendRequestOptions(parts, request, rpId, { purpose, userVerification: 'required' });
}

async function submitPasskey(
  parts: WebParts,
  request: CommunityRequest,
  uid: string | undefined,
): Promise<void> {
  const fields = await request.form();
  const target = await readTarget(request, uid);
  if (uid === undefined) target.returnPath = safeReturnPath(fields.return_to);
  const outcome = await verifyAssertion(parts, request, fields.response, {
    purpose: purposeOf(target),
    userVerification: true,
  });
  const { passkey } = outcome;
  if (!outcome.verified || passkey === undefined || !isOpen(passkey)) {
    await refuse(parts, request, target, passkey);
    return;
  }
  parts.metrics.signIns.inc({ outcome: 'signed-in' });
  await completeSignIn(
    parts,
    request,
    { amr: [...outcome.amr, 'mfa'], restsOn: { subject: passkey.subject, passkeyId: passkey.id } },
    target,
  );
}

/** Whoever asked for their account to be deleted can come back. */
const isOpen = ({ status, statusReason }: StoredPasskey) =>
  status === 'active' || statusReason === 'deletion';

/** The same for an unknown passkey, a wrong answer and a suspended member. */
async function refuse(
  parts: WebParts,
  request: CommunityRequest,
  target: SignInTarget,
  passkey: StoredPasskey | undefined,
): Promise<void> {
  const leaves = target.interaction !== undefined;
  const page = await loginPageFor(request, target);
  const allowed = await countWrongPasskey(parts, request);
  if (!allowed.allowed) {
    parts.metrics.signIns.inc({ outcome: 'throttled' });
    request.ctx.set('Retry-After', String(allowed.retryAfterSeconds));
    if (allowed.first) request.unit.record({ type: 'sign-in.throttled', actor: 'anonymous' });
    const retryAfterMinutes = Math.ceil(allowed.retryAfterSeconds / 60);
    request.page({ ...page, fault: 'throttled', retryAfterMinutes }, { status: 429, leaves });
    return;
  }
  parts.metrics.signIns.inc({ outcome: 'credentials' });
  request.unit.record({
    type: 'sign-in.failed',
    actor: 'anonymous',
    subject: passkey?.subject,
    details: { using: 'passkey' },
  });
  request.page({ ...page, fault: 'passkey' }, { status: 400, leaves });
}
