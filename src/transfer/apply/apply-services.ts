import { RefusedChangesError } from '../../domain/refused-changes.ts';
import { pathIssuers } from '../../domain/services/issuer-warning.ts';
import { saveServices } from '../../domain/services/save-services.ts';
import type { SavedService } from '../../domain/services/service-change.ts';
import { SERVICES_ORDER } from '../../domain/services/service-events.ts';
import { readServices, type ServiceRow } from '../../domain/services/service-rows.ts';
import type { SettledCommunity } from './apply-communities.ts';
import type { FreedServices } from './free-names.ts';
import { readerPlace } from './resolve-password-hashes.ts';
import type { ApplyRun, GroupIds } from './run.ts';
import type { ServiceEntry } from './schema.ts';
import { toServiceChange } from './service-change.ts';

/** Brings a community's services, their clients and their readers to what the file says. */
export async function applyServices(
  run: ApplyRun,
  community: SettledCommunity,
  groups: GroupIds,
  { gone, withoutClient }: FreedServices = { gone: [], withoutClient: [] },
): Promise<void> {
  const entries = community.entry.services;
  if (entries === undefined) return;
  const { id: communityId, slug } = community.row;
  for (const name of gone)
    run.log.add({ action: 'remove', kind: 'service', community: slug, name, fields: [] });
  const known = await readServices(run.tx, communityId);
  const changes = [];
  for (const [index, entry] of entries.entries()) {
    const before = known.find((row) => row.slug === entry.slug);
    const reader = await readerHash(run, slug, entry, before);
    changes.push(toServiceChange(entry, index, reader, groups));
  }
  const place = { communityId, sealer: run.sealer, hubUrl: run.hubUrl };
  try {
    const saved = await saveServices(run.tx, place, changes, 'apply');
    for (const { before, after, fields } of saved.services) {
      const lost = withoutClient.includes(after.slug) ? ['client.id'] : [];
      logService(run, slug, { before, after, fields: [...fields, ...lost] });
    }
    const warning = pathIssuers(saved.services, run.hubUrl);
    if (warning !== undefined) {
      const { services, issuer, reason } = warning;
      run.log.notes.push(`${slug}: the issuer of ${services.join(', ')} is ${issuer}; ${reason}`);
    }
    if (saved.reordered)
      run.log.add({ action: 'update', kind: 'community', name: slug, fields: [SERVICES_ORDER] });
  } catch (error) {
    if (!(error instanceof RefusedChangesError)) throw error;
    for (const { index, path, fault } of error.refusals)
      run.report([...community.path, 'services', index, ...path], fault);
  }
}

/** Undefined: as it is. */
async function readerHash(
  run: ApplyRun,
  slug: string,
  { slug: service, ldap }: ServiceEntry,
  before: ServiceRow | undefined,
): Promise<string | null | undefined> {
  if (ldap === undefined || ldap === null) return ldap;
  return run.passwords.settle(readerPlace(slug, service), ldap.password, before?.reader ?? null);
}

function logService(run: ApplyRun, community: string, { before, after, fields }: SavedService) {
  const change = { kind: 'service' as const, community, name: after.slug, fields };
  if (before === undefined) run.log.add({ ...change, action: 'create' });
  else if (fields.length > 0) run.log.add({ ...change, action: 'update' });
}
