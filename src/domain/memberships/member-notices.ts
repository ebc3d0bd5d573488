import type { Transaction } from '../../platform/database/database.ts';
import type { MailData, MailTemplate } from '../notices/mail.ts';
import { notifyMembers } from '../notices/notify-member.ts';
import type { ChangedMember, Place } from './member-change.ts';
import type { SettledMember } from './settle-member.ts';

type Notice = { subject: string; data?: MailData; alsoTo?: readonly string[] };
type Told = 'request-approved' | 'request-refused' | 'email-changed' | 'email-removed';

/** Tells people that their request was decided, or that what guards their account is other than before. */
export async function tellMembers(
  tx: Transaction,
  { id: communityId, issuerUrl }: Place,
  members: readonly SettledMember[],
): Promise<void> {
  if (issuerUrl === undefined) return;
  const tell = (template: MailTemplate, notices: readonly Notice[]) =>
    notifyMembers(tx, { communityId, issuerUrl, template }, notices);
  const told = Map.groupBy(members.flatMap(notices), ({ template }) => template);
  for (const [template, list] of told) await tell(template, list);
  const changed = members.filter(({ changed }) => changed.includes('password'));
  await tell(
    'password-changed',
    changed.map(({ after }) => ({ subject: after.subject })),
  );
}

function notices(member: SettledMember): (Notice & { template: Told })[] {
  const { before, after, change, statusChange } = member;
  const { subject } = after;
  const told: (Notice & { template: Told })[] = [];
  if (statusChange === 'admit') told.push({ template: 'request-approved', subject });
  if (statusChange === 'refuse') {
    const { reason } = change as ChangedMember;
    told.push({ template: 'request-refused', subject, ...(reason && { data: { reason } }) });
  }
  if (before === undefined || before.email === after.email || after.status === 'left') return told;
  const alsoTo = before.email === null ? [] : [before.email];
  if (after.email === null) told.push({ template: 'email-removed', subject, alsoTo });
  else {
    const data = { address: after.email };
    told.push({ template: 'email-changed', subject, alsoTo, data });
  }
  return told;
}
