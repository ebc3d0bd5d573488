import type { Community } from '../../domain/communities/community.ts';
import { mayInviteAs } from '../../domain/invitations/invitation.ts';
import { displayNameFault, shortened, tidyName } from '../../domain/memberships/display-name.ts';
import type { Role } from '../../domain/memberships/membership-store.ts';
import { isEmailAddress, nameKey } from '../../platform/text/names.ts';
import type { FieldFault } from '../registration/pages.ts';
import type { AdminPage } from './pages.ts';

/** What an admin typed to invite somebody. */
export type InvitationForm = {
  label: string;
  /** As typed. */
  emails: string;
  addresses: string[];
  role: Role;
  groupIds: string[];
  uses: 'one' | 'many';
  typedMaxUses: string;
  /** Null: as many as come. */
  maxUses: number | null;
  days: number;
};

const ROLES: Role[] = ['member', 'admin', 'owner'];
const DAYS = [1, 7, 30, 90, 365];
const MOST_ADDRESSES = 50;
const MOST_USES = 10_000;

export function readInvitationForm(fields: Record<string, string>): InvitationForm {
  const emails = fields.emails ?? '';
  const typed = emails.split(/[\s,;]+/).filter(Boolean);
  const firsts = new Map(typed.toReversed().map((address) => [nameKey(address), address]));
  const typedMaxUses = (fields.max_uses ?? '').trim();
  return {
    label: tidyName(fields.label ?? ''),
    emails,
    addresses: [...firsts.values()].reverse(),
    role: ROLES.find((role) => role === fields.role) ?? 'member',
    groupIds: Object.keys(fields).flatMap((name) =>
      name.startsWith('group-') ? [name.slice('group-'.length)] : [],
    ),
    uses: fields.uses === 'many' ? 'many' : 'one',
    typedMaxUses,
    maxUses: typedMaxUses === '' ? null : Number(typedMaxUses),
    days: DAYS.find((days) => String(days) === fields.days) ?? 7,
  };
}

export function invitationFaults(form: InvitationForm, ownRole: Role): FieldFault[] {
  const faults: FieldFault[] = [];
  const fault = (field: string, code: string) => faults.push({ field, kind: field, code });
  const labelFault = displayNameFault(form.label);
  if (labelFault !== undefined) fault('label', labelFault);
  if (form.addresses.length > MOST_ADDRESSES) fault('emails', 'too-many');
  else if (!form.addresses.every(isEmailAddress)) fault('emails', 'shape');
  if (!mayInviteAs(ownRole, form.role)) fault('role', 'not-yours');
  const { maxUses } = form;
  if (form.uses === 'many' && maxUses !== null) {
    if (!Number.isInteger(maxUses) || maxUses < 1 || maxUses > MOST_USES)
      fault('max_uses', 'number');
  }
  return faults;
}

type Shown = Pick<
  Extract<AdminPage, { page: 'admin/invitations' }>,
  'label' | 'emails' | 'roles' | 'groups' | 'uses' | 'maxUses' | 'days'
>;

export function showInvitationForm(
  form: InvitationForm,
  community: Community,
  ownRole: Role,
): Shown {
  const groups = [...community.groups].map(([id, { name }]) => ({
    id,
    name,
    isChosen: form.groupIds.includes(id),
  }));
  return {
    label: shortened(form.label),
    emails: shortened(form.emails, 20_000),
    roles: ROLES.filter((role) => mayInviteAs(ownRole, role)).map((role) => ({
      state: role,
      isChosen: role === form.role,
    })),
    groups: groups.sort((a, b) => a.name.localeCompare(b.name)),
    uses: form.uses,
    maxUses: shortened(form.typedMaxUses, 20),
    days: DAYS.map((count) => ({ count, isChosen: count === form.days })),
  };
}
