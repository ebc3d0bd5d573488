import type { Community } from '../../domain/communities/community.ts';
import type { EventRow } from '../../platform/events/event-store.ts';
import { TOLD_EVENTS } from './event-words.ts';

/** Who did something: a member by name, if the name is still known; the operators, the hub, a program, or nobody known. */
export type Doer =
  | { kind: 'member'; subject: string; name?: string | undefined }
  | { kind: 'hub' | 'team' | 'program' | 'somebody' };

/** A line of the audit trail as pages tell it. */
export type EventView = {
  id: string;
  /** `account.event.WHAT` has its words. */
  what: string;
  /** What it was about: a service, a group, a passkey. Values of a profile are never there. */
  about?: string | undefined;
  by: Doer;
};

export function describeEvent(
  { id, type, actor, serviceId, details }: EventRow,
  { community, names }: { community: Community; names: ReadonlyMap<string, string> },
): EventView {
  const service = community.services.find((one) => one.id === serviceId);
  return {
    id,
    what: TOLD_EVENTS.has(type) ? type : 'other',
    about: service?.name ?? aboutOf(details),
    by: doerOf(actor, names),
  };
}

/** Subjects of the members who did these things. */
export function doersOf(rows: readonly Pick<EventRow, 'actor'>[]): string[] {
  const subjects = rows.map(({ actor }) => memberOf(actor)).filter((id) => id !== undefined);
  return [...new Set(subjects)];
}

/** What the details name: a group, a passkey, a password, the new username. */
function aboutOf(details: Record<string, unknown>): string | undefined {
  const { name, group, username, to, label } = details;
  return [name, group, label, username, to].find((value) => typeof value === 'string') as
    | string
    | undefined;
}

function memberOf(actor: string): string | undefined {
  return actor.startsWith('member:') ? actor.slice('member:'.length) : undefined;
}

function doerOf(actor: string, names: ReadonlyMap<string, string>): Doer {
  const subject = memberOf(actor);
  if (subject !== undefined) return { kind: 'member', subject, name: names.get(subject) };
  if (actor === 'anonymous') return { kind: 'somebody' };
  if (actor.startsWith('token:')) return { kind: 'program' };
  return { kind: actor === 'hub' ? 'hub' : 'team' };
}
