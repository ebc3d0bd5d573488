import { describeDevice } from '../../domain/sessions/describe-device.ts';
import { listSessions, type OpenSession } from '../../domain/sessions/session-store.ts';
import { serviceOfClient } from '../../protocols/oidc/clients.ts';
import type { CommunityRequest } from '../routing/community-request.ts';
import type { SignedIn } from '../routing/signed-in.ts';
import type { WebParts } from '../routing/web-parts.ts';
import { timesFor } from './times.ts';

/** A browser that a member is signed in with. Times are written for the reader. */
export type SessionView = {
  uid: string;
  browser?: string | undefined;
  system?: string | undefined;
  kind: 'phone' | 'tablet' | 'computer' | 'unknown';
  /** The browser that this page is shown in. */
  here: boolean;
  ip?: string | undefined;
  /** The address of the community, where it has several. */
  host?: string | undefined;
  firstSeen: string;
  lastSeen: string;
  services: string[];
};

/**
 * A member's open sessions as they, or an admin, read them; the one at hand comes first.
 * @param of subject of the member
 */
export async function readSessions(
  { database }: Pick<WebParts, 'database'>,
  request: CommunityRequest,
  { of, reader }: { of: string; reader: SignedIn },
): Promise<SessionView[]> {
  const { community } = request;
  const sessions = await listSessions(database, community.id, of);
  const times = timesFor(request, reader.member);
  const hasAddresses = new Set(sessions.map(({ issuer }) => issuer)).size > 1;
  const describe = (open: OpenSession): SessionView => ({
    uid: open.uid,
    ...describeDevice(open.userAgent),
    here: open.uid === reader.session.uid,
    ip: open.ip ?? undefined,
    host: hasAddresses ? new URL(open.issuer).host : undefined,
    firstSeen: times.moment(open.createdAt),
    lastSeen: times.moment(open.lastSeenAt),
    services: open.clientIds
      .map((clientId) => serviceOfClient(community, clientId)?.name)
      .filter((name) => name !== undefined),
  });
  return sessions.map(describe).sort((a, b) => Number(b.here) - Number(a.here));
}
