import { doStepOnce, type Step } from '../../domain/done-steps/done-step.ts';
import { ExpiredError } from '../../domain/errors.ts';
import { tellOfNewDevice } from '../../domain/operators/new-device.ts';
import {
  closeOperatorSession,
  type OperatorCredential,
  openOperatorSession,
} from '../../domain/operators/operator-session.ts';
import {
  endPendingOperatorSignIn,
  type PendingOperatorSignIn,
} from '../../domain/operators/pending-operator-sign-in.ts';
import type { Transaction } from '../../platform/database/database.ts';
import { recordEvents } from '../../platform/events/record-event.ts';
import type { HubRequest } from '../routing/hub-request.ts';
import { hubDoneBefore, leadOperator } from '../routing/operator-done-steps.ts';
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
  /** What it was proven by: sent again, it leads into the same session. */
  step: Step | undefined;
};

/**
 * Opens the session, in the place of the one that this browser had, and leads on; once for each form.
 * @throws ExpiredError when what it rests on is gone by now
 */
export async function completeOperatorSignIn(
  parts: Pick<WebParts, 'database' | 'sealer'>,
  request: HubRequest,
  { id, personId, email, amr, restsOn, pending, step }: ProvenOperator,
  returnPath: string | undefined,
): Promise<void> {
  const done = await hubDoneBefore(parts, step);
  if (done !== undefined && (await leadOperator(parts, request, done))) return;
  const before = request.ctx.cookies.get(OPERATOR_COOKIE);
  const device = await knownOperatorDevice(parts, request, { id, personId });
  const work = async (tx: Transaction) => {
    const isOver = pending !== undefined && !(await endPendingOperatorSignIn(tx, pending));
    const opened = isOver ? undefined : await openOperatorSession(tx, id, amr, restsOn);
    if (opened === undefined) throw new ExpiredError('the sign-in has no ground left');
    if (before !== undefined) await closeOperatorSession(tx, before);
    if (device === undefined) {
      const userAgent = request.ctx.get('user-agent');
      await tellOfNewDevice(tx, { id, email, locale: request.locale, userAgent, ip: request.ip });
    }
    await recordEvents(tx, [
      { type: 'operator.signed-in', actor: `operator:${id}`, details: { amr } },
    ]);
    return { subject: id, ledTo: returnPath ?? '/operator', sessionId: opened };
  };
  const answer = await doStepOnce(parts, step, work, done?.doneAt);
  if (!(await leadOperator(parts, request, answer)))
    throw new ExpiredError('the session is over by now');
  rememberOperatorDevice(parts, request, id);
}
