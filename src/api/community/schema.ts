import { z } from 'zod';
import {
  COMMUNITY_STATES,
  REGISTRATION_RULES,
  SECOND_FACTOR_RULES,
} from '../../domain/communities/community.ts';
import {
  accentFault,
  COMMUNITY_NAME,
  DESCRIPTION,
  dayFault,
  LINK_NAME,
  LINKS,
  linkFault,
  QUESTION_TEXT,
  RECOVERY_HOURS,
  TOWN,
  WELCOME,
} from '../../domain/communities/community-settings.ts';
import { hostFault } from '../../domain/communities/host-name.ts';
import { ldapBaseFault } from '../../domain/communities/ldap-base.ts';
import { emailFault } from '../../domain/memberships/member-faults.ts';
import { LOCALES } from '../../platform/i18n/locale.ts';
import { lineFault, linesFault, slugFault } from '../../platform/text/text-faults.ts';
import { checkedText, number, whole } from '../routing/fields.ts';

const line = (limits: { max: number }) =>
  checkedText((text) => lineFault(text, limits), { max: limits.max });
const lines = (limits: { max: number }) =>
  checkedText((text) => linesFault(text, limits), { max: limits.max }).nullable();
const accent = checkedText(accentFault, { max: 7, example: '#0a7d5a' }).nullable();
const ldap = {
  passwordBind: z
    .boolean()
    .meta({ description: 'whether members may bind with their own password' }),
  openToOperators: z
    .boolean()
    .meta({ description: 'whether operators’ readers see the community' }),
};

/** What a community says of itself, by the names of the declarative file (docs/apply.md). */
const settings = {
  name: line(COMMUNITY_NAME),
  locale: z.enum(LOCALES),
  registration: z.enum(REGISTRATION_RULES),
  branding: z
    .strictObject({
      accent,
      welcome: lines(WELCOME).meta({ description: 'what those who sign in read first' }),
    })
    .partial(),
  description: lines(DESCRIPTION),
  town: line(TOWN).nullable(),
  links: whole(
    z.strictObject({ name: line(LINK_NAME), url: checkedText(linkFault, { max: 300 }) }),
    { max: LINKS.max, description: 'pages of its own elsewhere: the whole list' },
  ),
  listed: z.boolean().meta({ description: 'whether the hub’s first page names it' }),
  contact: checkedText(emailFault, { max: 320 }).nullable(),
  policies: z
    .strictObject({
      secondFactor: z.enum(SECOND_FACTOR_RULES),
      secondFactorFrom: checkedText(dayFault, { max: 20, example: '2027-01-31' }).nullable(),
      recoveryDelayHours: number(RECOVERY_HOURS),
    })
    .partial(),
  questions: whole(
    z.strictObject({ text: line(QUESTION_TEXT), required: z.boolean().default(true) }),
    { max: 50, description: 'what those who want to join are asked, in order: the whole list' },
  ),
};

/** What a community changes of itself. Its hosts, its state and its LDAP base are the operator's. */
export const settingsPatch = z
  .strictObject({ ...settings, ldap: z.strictObject(ldap).partial() })
  .partial()
  .meta({ description: 'What is absent stays, null empties.' });

/** What the operator changes of a community. */
const ofOperator = {
  ...settings,
  state: z.enum(COMMUNITY_STATES),
  hosts: whole(checkedText(hostFault, { max: 253 }), {
    max: 50,
    description: 'own host names, the first for new services: the whole list',
  }),
  ldap: z
    .strictObject({ ...ldap, base: checkedText(ldapBaseFault, { max: 255, example: 'o=lamyne' }) })
    .partial(),
};

export const communityPatch = z
  .strictObject(ofOperator)
  .partial()
  .meta(settingsPatch.meta() ?? {});

export const newCommunity = z
  .strictObject({ ...ofOperator, slug: checkedText(slugFault, { max: 63 }) })
  .partial()
  .required({ slug: true, name: true });

export const community = z.object({
  slug: z.string(),
  name: z.string(),
  locale: z.string(),
  state: z.enum([...COMMUNITY_STATES, 'moved']),
  registration: z.enum(REGISTRATION_RULES),
  hosts: z.array(z.string()),
  branding: z.object({ accent: z.string().nullable(), welcome: z.string().nullable() }),
  description: z.string().nullable(),
  town: z.string().nullable(),
  links: z.array(z.object({ name: z.string(), url: z.string() })),
  listed: z.boolean(),
  contact: z.string().nullable(),
  ldap: z.object({
    base: z.string(),
    hosts: z.array(z.string()),
    passwordBind: z.boolean(),
    openToOperators: z.boolean(),
  }),
  policies: z.object({
    secondFactor: z.enum(SECOND_FACTOR_RULES),
    secondFactorFrom: z.string().nullable(),
    recoveryDelayHours: z.number(),
  }),
  questions: z.array(z.object({ text: z.string(), required: z.boolean() })),
});
