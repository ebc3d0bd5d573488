import type { ChangedMember } from '../domain/memberships/member-change.ts';
import type { Locale } from '../platform/i18n/locale.ts';
import { withMember } from './change-member.ts';
import { CommandError } from './command-error.ts';
import { orNull } from './option-values.ts';
import type { JsonOption, Outcome } from './output.ts';

/** What `--no-…` takes away is false. */
export type SetOptions = JsonOption & {
  name?: string;
  givenName?: string | false;
  familyName?: string | false;
  nickname?: string | false;
  email?: string | false;
  locale?: Locale | false;
  zone?: string | false;
  until?: Date | false;
};

/** What the domain's fields are called on the command line. */
const WORDS: Record<string, string> = {
  displayName: 'name',
  givenName: 'given name',
  familyName: 'family name',
  email: 'e-mail address',
  locale: 'language',
  zoneinfo: 'time zone',
  until: 'end',
};

/** Names, address, language, time zone and end. Whoever runs the command vouches for the address. */
export function setMember(slug: string, name: string, options: SetOptions): Promise<Outcome> {
  const { json: _, ...given } = options;
  if (Object.keys(given).length === 0) {
    throw new CommandError('nothing to change: give one of the options, such as --name or --email');
  }
  return withMember(slug, name, async ({ hubUrl, database, community, member }) => {
    const { communityAddress } = await import('../domain/communities/community-address.ts');
    const { saveMembers } = await import('../domain/memberships/save-members.ts');
    const { subject, username } = member;
    const [saved] = await database.transaction(async (tx) => {
      const issuerUrl = await communityAddress(tx, hubUrl, community.id);
      const place = { id: community.id, issuerUrl };
      return saveMembers(tx, place, [{ subject, ...toValues(given) }], 'cli');
    });
    const changed = saved?.changed ?? [];
    const words = changed.map((field) => WORDS[field] ?? field);
    const text =
      changed.length === 0
        ? `${username} of ${slug} was so already; nothing was changed.`
        : `${username} of ${slug} has another ${words.join(', ')} now.`;
    return { text, value: { subject, username, fields: changed, changed: changed.length > 0 } };
  });
}

function toValues(given: Omit<SetOptions, 'json'>): Omit<ChangedMember, 'subject'> {
  const { name, email, locale, zone, givenName, familyName, nickname, until } = given;
  return {
    displayName: name,
    givenName: orNull(givenName),
    familyName: orNull(familyName),
    nickname: orNull(nickname),
    email: orNull(email),
    ...(typeof email === 'string' && { emailVerified: true }),
    locale: orNull(locale),
    zoneinfo: orNull(zone),
    until: orNull(until),
  };
}
