import { clientContradictions } from '../../domain/services/client-rules.ts';
import type { ClientChange } from '../../domain/services/service-change.ts';
import type { ClientRow } from '../../domain/services/service-rows.ts';
import { settleClient } from '../../domain/services/settle-service.ts';
import type { Path, Report } from './faults.ts';
import { type Raw, strings } from './raw.ts';

/** What makes a client contradict itself, by what the file says of it; what it lacks is told of the client. */
export function reportClient(report: Report, path: Path, client: Raw): void {
  // What a client is, it says: an address of a native app beside no word of it is a fault.
  const said = {
    kind: client.kind ?? undefined,
    lanHttp: client.lanHttp === true,
    auth: client.auth ?? undefined,
    pkce: client.pkce ?? undefined,
    grants: client.grants === undefined ? undefined : strings(client.grants),
    redirectUris: strings(client.redirectUris),
    postLogoutRedirectUris: strings(client.postLogoutRedirectUris),
  } as ClientChange;
  const settled = settleClient(said, null, '') as ClientRow;
  // A client that is there keeps the secret that it has; of a new one, the domain says that it lacks one.
  const hasSecret = client.secret !== undefined || settled.auth !== 'none';
  const faults = clientContradictions({ ...settled, hasSecret });
  for (const { path: rest, fault } of faults) {
    const isThere = client[rest[0] as string] !== undefined;
    report(isThere ? [...path, ...rest] : path, fault);
  }
}
