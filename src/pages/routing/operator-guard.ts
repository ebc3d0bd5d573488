import { findOperatorBySession } from '../../domain/operators/operator-session.ts';
import type { Guard } from '../../platform/web/route.ts';
import type { HubKind } from './hub-request.ts';

export const OPERATOR_COOKIE = 'trousseau_operator';

/** An operator who is signed in to the console; anybody else is sent to do so. */
export const operator: Guard<HubKind, { id: string }> = {
  name: 'operator',
  async admit({ parts, request }) {
    const token = request.ctx.cookies.get(OPERATOR_COOKIE);
    const who =
      token === undefined ? undefined : await findOperatorBySession(parts.database, token);
    if (who !== undefined) return { who };
    request.redirect('/operator/login');
    return undefined;
  },
};
