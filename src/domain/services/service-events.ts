import type { Actor, AuditEvent } from '../../platform/events/record-event.ts';
import type { SavedService } from './service-change.ts';
import type { ServiceRow } from './service-rows.ts';

/** What has an event of its own. */
const TOLD_APART = ['client.secret', 'ldap.password'];

/** The events that tell of changes of services, those of a reader and a secret apart; never with either. */
export function serviceEvents(
  communityId: string,
  services: readonly SavedService[],
  actor: Actor,
): AuditEvent[] {
  return services.flatMap(({ before, after, fields }) => {
    const { id: serviceId, slug } = after;
    const event = { communityId, actor, serviceId };
    const events: AuditEvent[] = [];
    const settings = fields.filter((field) => !TOLD_APART.includes(field));
    if (before === undefined) events.push({ ...event, type: 'service.created', details: { slug } });
    if (settings.length > 0)
      events.push({ ...event, type: 'service.updated', details: { slug, fields: settings } });
    if (fields.includes('client.secret')) events.push({ ...event, type: 'service.secret-rotated' });
    const reader = readerEvent(before?.reader ?? null, after.reader);
    if (reader !== undefined) events.push({ ...event, type: reader });
    return events;
  });
}

/** Its order is a matter of the community, not of one service. */
export const SERVICES_ORDER = 'services';

export function reorderedEvent(communityId: string, actor: Actor): AuditEvent {
  return { communityId, type: 'community.updated', actor, details: { fields: [SERVICES_ORDER] } };
}

/** Undefined when the reader is as it was. */
export function readerEvent(before: ServiceRow['reader'], after: ServiceRow['reader']) {
  if (before === after) return undefined;
  if (after === null) return 'service.reader-removed';
  return before === null ? 'service.reader-created' : 'service.reader-secret-changed';
}
