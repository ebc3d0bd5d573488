import { tellOfNewDevice } from '../../domain/operators/new-device.ts';
import {
  closeOperatorSession,
  OPERATOR_SESSION_SECONDS,
  type OperatorCredential,
  openOperatorSession,
} from '../../domain/operators/operator-session.ts';
import {
  endPendingOperatorSignIn,
  type PendingOperatorSignIn,
} from '../../domain/operators/pending-operator-sign-in.ts';
import { recordEvents } from '../../platform/events/record-event.ts';
import { RequestError } from '../../platform/web/http-errors.ts';
import type { HubRequest } from '../routing/hub-request.ts';
import { OPERATOR_COOKIE } from '../routing/operator-guard.ts';
import type { WebParts } from '../routing/web-parts.ts';
import { knownOperatorDevice, rememberOperatorDevice } from './operator-device.ts';

/** An operator's sign-in that is proven. */
export type ProvenOperator = {
  id: string;
  personId: string;
  email: string;
  /** RFC 8176: what really happened. */
  amr: string[];
  restsOn: OperatorCredential;
  /** The sign-in on its way that this ends. */
  pending?: PendingOperatorSignIn;
};

/**
 * Opens the session, in the place of the one that this browser had, and leads on.
 * @throws RequestError 400 `expired` when what it rests on is gone by now
 */
export async function completeOperatorSignIn(
  parts: Pick<WebParts, 'database' | 'sealer'>,
  request: HubRequest,
  { id, personId, email, amr, restsOn, pending }: ProvenOperator,
  returnPath: string | undefined,
): Promise<void> {
  const { cookies } = request.ctx;
  const before = cookies.get(OPERATOR_COOKIE);
  const device = await knownOperatorDevice(parts, request, { id, personId });
  const token = await parts.database.transaction(async (tx) => {
    if (pending !== undefined && !(await endPendingOperatorSignIn(tx, pending))) return undefined;
    const opened = await openOperatorSession(tx, id, amr, restsOn);
    if (opened === undefined) return undefined;
    if (before !== undefined) await closeOperatorSession(tx, before);
    if (device === undefined) {
      const userAgent = request.ctx.get('user-agent');
      await tellOfNewDevice(tx, { id, email, locale: request.locale, userAgent, ip: request.ip });
    }
    await recordEvents(tx, [
      { type: 'operator.signed-in', actor: `operator:${id}`, details: { amr } },
    ]);
    return opened;
  });
  if (token === undefined) throw new RequestError(400, 'expired', 'the sign-in has no ground left');
  cookies.set(OPERATOR_COOKIE, token, {
    httpOnly: true,
    sameSite: 'strict',
    path: '/operator',
    maxAge: OPERATOR_SESSION_SECONDS * 1000,
    overwrite: true,
  });
  rememberOperatorDevice(parts, request, id);
  request.redirect(returnPath ?? '/operator');
}
