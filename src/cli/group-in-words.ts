import { writeUntil } from '../domain/ends/until.ts';
import type { MembersGroup } from '../domain/groups/group-store.ts';

/** A group of a member: in brackets, where they are in it through another. */
export function groupInWords({ name, direct, until }: MembersGroup): string {
  if (!direct) return `(${name})`;
  return until === null ? name : `${name} until ${writeUntil(until)}`;
}
