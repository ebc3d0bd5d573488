import type { Role, Status } from '../domain/memberships/membership-store.ts';
import type { Locale } from '../platform/i18n/locale.ts';
import { CommandError } from './command-error.ts';
import type { JsonOption, Outcome } from './output.ts';
import { withHub } from './with-hub.ts';

export type AddOptions = JsonOption & {
  name?: string;
  email?: string;
  givenName?: string;
  familyName?: string;
  nickname?: string;
  locale?: Locale;
  zone?: string;
  role: Role;
  until?: Date;
  roleUntil?: Date;
  status: Status;
  group: string[];
  passwordStdin?: boolean;
  /** `--no-password` makes it false. */
  password: boolean;
};

export async function addMember(
  slug: string,
  username: string,
  options: AddOptions,
): Promise<Outcome> {
  if (options.passwordStdin && !options.password) {
    throw new CommandError('give either --password-stdin or --no-password, not both');
  }
  return withHub(async ({ database }) => {
    const { requireCommunity, requireGroup } = await import('./resolve.ts');
    const changes = await import('../domain/memberships/add-member.ts');
    const { requireSound } = await import('../domain/memberships/member-faults.ts');
    const { hashPassword } = await import('../domain/people/password.ts');
    const { askPassword } = await import('./ask-password.ts');
    const community = await requireCommunity(database, slug);
    const groups = await Promise.all(
      options.group.map((name) => requireGroup(database, community, name)),
    );
    const {
      givenName,
      familyName,
      nickname,
      email,
      locale,
      zone: zoneinfo,
      role,
      status,
      until,
      roleUntil,
    } = options;
    const names = { username, displayName: options.name ?? username, givenName, familyName };
    const values = { ...names, nickname, email, locale, zoneinfo, role, until, roleUntil };
    // Before a password is asked for.
    requireSound(values);
    const given = options.password ? await askPassword(options) : undefined;
    const member = {
      ...values,
      status,
      groupIds: groups.map(({ id }) => id),
      emailVerified: true,
      ...(given && { passwordHash: await hashPassword(given.password) }),
    };
    const subject = await database.transaction((tx) =>
      changes.addMember(tx, community.id, member, 'cli'),
    );
    const generated = given?.generated ? given.password : undefined;
    return {
      text: `Added ${username} to ${slug} (${subject}).${shownOnce(generated)}`,
      value: { subject, username, community: slug, ...(generated && { password: generated }) },
    };
  });
}

/** A generated password is kept nowhere in clear: this is the one time that it can be read. */
export function shownOnce(password: string | undefined): string {
  return password === undefined ? '' : `\nPassword, shown only now: ${password}`;
}
