import { z } from 'zod';
import type { Community } from '../../domain/communities/community.ts';
import { INVITATION_USES } from '../../domain/invitations/invitation.ts';
import { displayNameFault, shortened, tidyName } from '../../domain/memberships/display-name.ts';
import { ROLES, type Role } from '../../domain/memberships/membership-store.ts';
import { mayInviteAs } from '../../domain/memberships/policy.ts';
import { isEmailAddress, nameKey } from '../../platform/text/names.ts';
import { wholeNumberFault } from '../../platform/text/text-faults.ts';
import { typed } from '../../platform/web/form-fields.ts';
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

const DAYS = [1, 7, 30, 90, 365];
const MOST_ADDRESSES = 50;

export const invitationFields = z.object({
  label: typed.transform(tidyName),
  emails: typed,
  role: z.enum(ROLES).catch('member'),
  groups: z.array(z.string()).default([]),
  uses: z.enum(['one', 'many']).catch('one'),
  max_uses: typed.transform((text) => text.trim()),
  days: typed.transform((text) => DAYS.find((days) => String(days) === text) ?? 7),
});

export const EMPTY_INVITATION = readInvitationForm(invitationFields.parse({}));

export function readInvitationForm(fields: z.output<typeof invitationFields>): InvitationForm {
  const { label, emails, role, groups, uses, max_uses: typedMaxUses, days } = fields;
  const addresses = emails.split(/[\s,;]+/).filter(Boolean);
  const firsts = new Map(addresses.toReversed().map((address) => [nameKey(address), address]));
  return {
    label,
    emails,
    addresses: [...firsts.values()].reverse(),
    role,
    groupIds: groups,
    uses,
    typedMaxUses,
    maxUses: typedMaxUses === '' ? null : Number(typedMaxUses),
    days,
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
    if (wholeNumberFault(maxUses, INVITATION_USES)) fault('max_uses', 'number');
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
