import type { ClientRow } from './apply-clients.ts';
import type { SettledCommunity } from './apply-communities.ts';
import type { ServiceRow, SettledService } from './apply-services.ts';
import type { ApplyEvent } from './plan.ts';
import type { ApplyRun } from './run.ts';

const FILE_KEYS: Partial<Record<keyof ServiceRow, string>> = {
  accessGroups: 'access',
  reader: 'ldap.password',
};
const SECRET = 'client.secret';

/** Tells of a service in one line of the plan; a changed secret has an event of its own. */
export function logService(
  run: ApplyRun,
  { row: { id: communityId, slug } }: SettledCommunity,
  { before, after, changed }: SettledService,
  clientKeys: readonly (keyof ClientRow)[],
): void {
  const isNew = before === undefined;
  const keys = [
    ...changed.map((key) => FILE_KEYS[key] ?? key),
    ...clientKeys.map((key) => `client.${key}`),
  ];
  const fields = isNew ? [] : [...new Set(keys)];
  if (!isNew && fields.length === 0) return;
  const events: ApplyEvent[] = [];
  const settings = fields.filter((field) => field !== SECRET);
  if (isNew) events.push({ type: 'service.created', details: { slug: after.slug } });
  if (settings.length > 0) {
    events.push({ type: 'service.updated', details: { slug: after.slug, fields: settings } });
  }
  if (fields.includes(SECRET)) events.push({ type: 'service.secret-rotated' });
  run.log.add(
    {
      action: isNew ? 'create' : 'update',
      kind: 'service',
      community: slug,
      name: after.slug,
      fields,
    },
    ...events.map((event) => ({ ...event, communityId, serviceId: after.id })),
  );
}
