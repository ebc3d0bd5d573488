import type { Profile } from '../../domain/memberships/change-profile.ts';
import { displayNameFault, shortened, tidyName } from '../../domain/memberships/display-name.ts';
import type { ProfileFault } from './pages.ts';

/** Longest pronouns, in code points. */
const PRONOUNS_MAX = 60;
const NAMES = ['given_name', 'family_name', 'nickname'] as const;

/** What was typed, as the form shows it again. */
export type ProfileFields = Record<
  'displayName' | 'givenName' | 'familyName' | 'nickname' | 'pronouns',
  string
>;

export type ReadProfile = { typed: ProfileFields; profile: Profile; faults: ProfileFault[] };

/** Reads the profile's form; `profile` counts only where there are no faults. */
export function readProfile(fields: Record<string, string>): ReadProfile {
  const given = (name: string) => tidyName(fields[name] ?? '');
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
  const pronounsFault = displayNameFault(pronouns);
  if ([...pronouns].length > PRONOUNS_MAX) {
    faults.push({ field: 'pronouns', code: 'pronouns-too-long' });
  } else if (pronounsFault === 'characters') {
    faults.push({ field: 'pronouns', code: pronounsFault });
  }
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

function typedOf(fields: Record<string, string>): ProfileFields {
  const typed = (name: string) => shortened(fields[name] ?? '');
  return {
    displayName: typed('display_name'),
    givenName: typed('given_name'),
    familyName: typed('family_name'),
    nickname: typed('nickname'),
    pronouns: typed('pronouns'),
  };
}
