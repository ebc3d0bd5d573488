import { z } from 'zod';
import { REGISTRATION_RULES, SECOND_FACTOR_RULES } from '../../domain/communities/community.ts';
import { LINKS, type SettingsChange } from '../../domain/communities/community-settings.ts';
import type { Role } from '../../domain/memberships/membership-store.ts';
import { RefusedChangesError } from '../../domain/refused-changes.ts';
import { LOCALES } from '../../platform/i18n/locale.ts';
import { address, checkbox, typed } from '../../platform/web/form-fields.ts';
import type { SettingsFault } from './settings-pages.ts';

/** As many questions as a form takes. */
export const QUESTION_FIELDS = 50;

const lines = typed.transform((text) => text.replaceAll('\r\n', '\n').trim());
const list = z.array(z.string()).default([]);

export const identityFields = z.object({
  name: address,
  locale: z.enum(LOCALES),
  description: lines,
  town: address,
  contact: address,
  link_name: list,
  link_url: list,
  listed: checkbox,
});

export const brandingFields = z.object({
  accent: address,
  own_accent: checkbox,
  welcome: lines,
  remove_logo: checkbox,
});

export const entryFields = z.object({
  registration: z.enum(REGISTRATION_RULES),
  question: list,
  /** Which of the questions need no answer, by their places. */
  optional: list,
  // Of an owner's page.
  second_factor: z.enum(SECOND_FACTOR_RULES).optional(),
  second_factor_from: address,
  recovery_delay: address,
});

export type IdentityForm = z.infer<typeof identityFields>;
export type BrandingForm = z.infer<typeof brandingFields>;
export type EntryForm = z.infer<typeof entryFields>;

const orNull = (text: string) => (text === '' ? null : text);

export function identityChange(form: IdentityForm): SettingsChange {
  return {
    name: form.name,
    locale: form.locale,
    description: orNull(form.description),
    town: orNull(form.town),
    contact: orNull(form.contact),
    links: linksOf(form),
    listed: form.listed,
  };
}

/** Rows in which something stands. */
export function linksOf({ link_name, link_url }: IdentityForm): { name: string; url: string }[] {
  return link_url
    .slice(0, LINKS.max + 1)
    .map((url, index) => ({ name: (link_name[index] ?? '').trim(), url: url.trim() }))
    .filter(({ name, url }) => name !== '' || url !== '');
}

/** @param role of who sent it: what guards owners is theirs to change */
export function entryChange(form: EntryForm, role: Role): SettingsChange {
  const settings = { registration: form.registration, questions: questionsOf(form) };
  if (role !== 'owner') return settings;
  return {
    ...settings,
    secondFactor: form.second_factor,
    secondFactorFrom: orNull(form.second_factor_from),
    recoveryDelayHours: /^\d{1,6}$/.test(form.recovery_delay) ? Number(form.recovery_delay) : -1,
  };
}

export function questionsOf({
  question,
  optional,
}: EntryForm): { text: string; required: boolean }[] {
  return question
    .slice(0, QUESTION_FIELDS)
    .map((text, index) => ({ text: text.trim(), required: !optional.includes(String(index)) }))
    .filter(({ text }) => text !== '');
}

/** The field on the page that a refused value came from. */
const FIELDS: Record<string, SettingsFault['field']> = {
  name: 'name',
  description: 'description',
  town: 'town',
  contact: 'contact',
  links: 'links',
  accent: 'accent',
  welcome: 'welcome',
  questions: 'questions',
  secondFactorFrom: 'second_factor_from',
  recoveryDelayHours: 'recovery_delay',
};

/**
 * @returns what is wrong with each field, as the domain says it
 * @throws what is no fault of a field
 */
export async function faultsOf(work: Promise<unknown>): Promise<SettingsFault[]> {
  try {
    await work;
    return [];
  } catch (error) {
    if (!(error instanceof RefusedChangesError)) throw error;
    const fields = error.refusals.map(({ path: [key] }) => FIELDS[String(key)]);
    if (fields.some((field) => field === undefined)) throw error;
    return [...new Set(fields)].map((field) => ({ field: field as SettingsFault['field'] }));
  }
}
