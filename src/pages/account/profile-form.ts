import { z } from 'zod';
import type { Profile } from '../../domain/memberships/change-profile.ts';
import {
  displayNameFault,
  pronounsFault,
  shortened,
  tidyName,
} from '../../domain/memberships/display-name.ts';
import { checkbox, typed } from '../../platform/web/form-fields.ts';
import type { ProfileFault } from './pages.ts';

const NAMES = ['given_name', 'family_name', 'nickname'] as const;

/** What was typed, as the form shows it again. */
export type ProfileFields = Record<
  'displayName' | 'givenName' | 'familyName' | 'nickname' | 'pronouns',
  string
>;

export type ReadProfile = { typed: ProfileFields; profile: Profile; faults: ProfileFault[] };

export const profileFields = z.object({
  display_name: typed,
  given_name: typed,
  family_name: typed,
  nickname: typed,
  pronouns: typed,
  remove_picture: checkbox,
});

type Fields = z.output<typeof profileFields>;
type Name = Exclude<keyof Fields, 'remove_picture'>;

/** Reads the profile's form; `profile` counts only where there are no faults. */
export function readProfile(fields: Fields): ReadProfile {
  const given = (name: Name) => tidyName(fields[name]);
  const faults: ProfileFault[] = [];
  const displayName = given('display_name');
  const fault = displayNameFault(displayName);
  if (fault !== undefined) faults.push({ field: 'display_name', code: fault });
  for (const field of NAMES) {
    const code = displayNameFault(given(field));
    // These may be left out.
    if (code !== undefined && code !== 'missing') faults.push({ field, code });
  }
  const pronouns = given('pronouns');
  const wrong = pronounsFault(pronouns);
  if (wrong === 'too-long') faults.push({ field: 'pronouns', code: 'pronouns-too-long' });
  else if (wrong === 'characters') faults.push({ field: 'pronouns', code: wrong });
  const orNull = (text: string) => (displayNameFault(text) === 'missing' ? null : text);
  return {
    typed: typedOf(fields),
    profile: {
      displayName,
      givenName: orNull(given('given_name')),
      familyName: orNull(given('family_name')),
      nickname: orNull(given('nickname')),
      pronouns: orNull(pronouns),
    },
    faults,
  };
}

function typedOf(fields: Fields): ProfileFields {
  const shown = (name: Name) => shortened(fields[name]);
  return {
    displayName: shown('display_name'),
    givenName: shown('given_name'),
    familyName: shown('family_name'),
    nickname: shown('nickname'),
    pronouns: shown('pronouns'),
  };
}
