import type { Database } from '../../database/database.ts';
import { recordEvents } from '../../events/record-event.ts';
import type { Attempt } from '../../throttles/sign-in-throttle.ts';
import { dnKey, parseDn } from '../schema/dn.ts';
import { foldCase } from '../schema/prepare.ts';
import type { Principal } from './find-principal.ts';

/** What the throttles count a bind for. A person is counted with their attempts at the web's sign-in. */
export function attemptOf(name: string, principal: Principal, ip: string): Attempt {
  if (principal.kind === 'person') {
    const { directory, person } = principal;
    const { communityId } = directory;
    return { communityId, name: foldCase(person.username), account: person.subject, ip };
  }
  const dn = parseDn(name.slice(0, 1_000));
  const typed = (dn === undefined ? foldCase(name.slice(0, 320)) : dnKey(dn)).slice(0, 320);
  return { communityId: communityOf(principal) ?? '', name: typed, account: typed, ip };
}

function communityOf(principal: Principal): string | undefined {
  if (principal.kind === 'operator') return undefined;
  if (principal.kind === 'nobody') return principal.communityId;
  return principal.directory.communityId;
}

/** Leaves a line in the audit trail of the community concerned, or of the hub. */
export async function recordRefusal(
  database: Database,
  type: 'sign-in.failed' | 'sign-in.throttled',
  principal: Principal,
): Promise<void> {
  const communityId = communityOf(principal);
  await database.transaction((tx) =>
    recordEvents(tx, [
      {
        type,
        actor: 'anonymous',
        details: { via: 'ldap' },
        ...(communityId === undefined ? {} : { communityId }),
        ...(principal.kind === 'person' ? { subject: principal.person.subject } : {}),
        ...(principal.kind === 'reader' ? { serviceId: principal.service.id } : {}),
      },
    ]),
  );
}
