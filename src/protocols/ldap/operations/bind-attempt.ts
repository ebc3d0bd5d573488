import type { Database } from '../../../platform/database/database.ts';
import { dnKey, parseDn } from '../../../platform/distinguished-names/dn.ts';
import { foldCase } from '../../../platform/distinguished-names/prepare.ts';
import { recordEvents } from '../../../platform/events/record-event.ts';
import { nameKey } from '../../../platform/text/names.ts';
import type { App, Attempt } from '../../../platform/throttles/sign-in-throttle.ts';
import type { Principal } from './find-principal.ts';

/**
 * What the throttles count a bind for. A name of a person's form is counted as the same name is at the
 * web's sign-in, whether somebody has it or not: what one side counts must not tell on the other.
 */
export async function attemptOf(
  database: Database,
  name: string,
  principal: Principal,
  from: { ip: string; app: App | undefined },
): Promise<Attempt> {
  const { ip, app } = from;
  const place = app === undefined ? { ip } : { ip, app };
  if (principal.kind === 'person') {
    const { directory, person } = principal;
    const { communityId } = directory;
    return { communityId, name: nameKey(person.username), account: person.subject, ...place };
  }
  const communityId = communityOf(principal) ?? '';
  if (principal.kind === 'nobody' && principal.username !== undefined) {
    const typed = nameKey(principal.username.trim().slice(0, 320));
    const subject = await subjectOf(database, communityId, typed);
    const isNobody = subject === undefined;
    return { communityId, name: typed, account: subject ?? typed, isNobody, ...place };
  }
  const dn = parseDn(name.slice(0, 1_000));
  const typed = (dn === undefined ? foldCase(name.slice(0, 320)) : dnKey(dn)).slice(0, 320);
  const isNobody = principal.kind === 'nobody';
  return { communityId, name: typed, account: typed, isNobody, ...place };
}

/** Whoever has a username, in whatever status, as the web's sign-in finds them. */
async function subjectOf(
  database: Database,
  communityId: string,
  key: string,
): Promise<string | undefined> {
  const [row] = await database.query<{ subject: string }>(
    'SELECT subject FROM memberships WHERE community_id = $1 AND username_key = $2',
    [communityId, key],
    'ldap-subject',
  );
  return row?.subject;
}

/** The community that a bind is to; undefined where it is to none that can be told. */
export function communityOf(principal: Principal): string | undefined {
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
