import { z } from 'zod';
import { groupNameFault } from '../../domain/groups/group-faults.ts';
import {
  emailFault,
  nameFault,
  usernameFault,
  zoneFault,
} from '../../domain/memberships/member-faults.ts';
import { ROLES, STATUSES } from '../../domain/memberships/membership-store.ts';
import { LOCALES } from '../../platform/i18n/locale.ts';
import { checkedText, moment, whole } from '../routing/fields.ts';

const name = (description: string) => checkedText(nameFault, { max: 500, description });

/** What a member says, by the names of the declarative file (docs/apply.md). */
const values = {
  username: checkedText(usernameFault, { max: 64, description: 'unique in the community' }),
  name: name('the name that people read'),
  givenName: name('given name').nullable(),
  familyName: name('family name').nullable(),
  nickname: name('nickname').nullable(),
  email: checkedText(emailFault, { max: 320 }).nullable(),
  role: z.enum(ROLES),
  locale: z.enum(LOCALES).nullable().meta({ description: 'the language of their mails and pages' }),
  zoneinfo: checkedText(zoneFault, { max: 64, example: 'Europe/Paris' }).nullable(),
  groups: whole(checkedText(groupNameFault, { max: 128 }), {
    description: 'names of the groups that they are directly in: the whole list',
  }),
};

export const member = z.object({
  subject: z.uuid().meta({ description: 'who it is, for good: `sub` of OpenID Connect' }),
  username: z.string(),
  name: z.string(),
  givenName: z.string().nullable(),
  familyName: z.string().nullable(),
  nickname: z.string().nullable(),
  email: z.string().nullable(),
  role: z.enum(ROLES),
  status: z.enum(STATUSES),
  locale: z.string().nullable(),
  zoneinfo: z.string().nullable(),
  groups: z.array(z.string()),
  createdAt: moment,
  updatedAt: moment,
});

export const newMember = z
  .strictObject(values)
  .partial()
  .required({ username: true, name: true })
  .meta({ description: 'Whoever makes a member vouches for the address.' });

export const memberPatch = z
  .strictObject({
    ...values,
    status: z.enum(['active', 'suspended', 'left']).meta({
      description:
        '`suspended` takes all access away until it is `active` again; `left` is for good',
    }),
  })
  .partial()
  .meta({
    description:
      'What is absent stays, null empties. An address is changed by a token of the operators alone, and has to be proved by the member.',
  });
