import type { App, SignInThrottle } from '../../../platform/throttles/sign-in-throttle.ts';
import { findService, type Service } from '../directory/directory.ts';
import type { Connection } from '../handler.ts';
import type { Principal } from './find-principal.ts';
import type { Session } from './session.ts';

/** The reader that was bound to a connection: whoever is bound next comes through its service. */
export type Reader = { communityId: string; serviceId: string };
export type ReaderOf = WeakMap<Connection<Session>, Reader>;

/** The service through which a person comes: by the name they bind with, or by the connection's reader. */
export function serviceOf(principal: Principal, reader: Reader | undefined): Service | undefined {
  if (principal.kind !== 'person') return undefined;
  if (principal.through !== undefined || reader === undefined) return principal.through;
  return findService(principal.directory, reader.serviceId);
}

/**
 * The app that a bind to a community comes through, where that has proved itself: by its reader on this connection,
 * or, since many apps open a connection for each person who signs in, from the same address of late. A name that
 * goes through a service proves nothing.
 */
export async function appOf(
  connection: Connection<Session>,
  communityId: string | undefined,
  { readerOf, throttle }: { readerOf: ReaderOf; throttle: SignInThrottle },
): Promise<App | undefined> {
  if (communityId === undefined) return undefined;
  const reader = readerOf.get(connection);
  if (reader?.communityId === communityId) return { service: reader.serviceId };
  return (await throttle.isAppAt({ communityId, ip: connection.ip })) ? {} : undefined;
}
