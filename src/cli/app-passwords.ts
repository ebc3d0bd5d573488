import type { AppPassword } from '../domain/app-passwords/app-password-store.ts';
import { isUuid } from '../platform/text/uuid.ts';
import { shownOnce } from './add-member.ts';
import { withMember } from './change-member.ts';
import { CommandError } from './command-error.ts';
import { type JsonOption, line, type Outcome, plural, table } from './output.ts';

export type CreateOptions = JsonOption & { name: string };
export type RevokeOptions = JsonOption & { all?: boolean };

export function createAppPassword(
  slug: string,
  memberName: string,
  serviceName: string,
  { name }: CreateOptions,
): Promise<Outcome> {
  return withMember(slug, memberName, async ({ hubUrl, database, community, member }) => {
    const { communityAddress } = await import('../domain/communities/community-address.ts');
    const { notifyMember } = await import('../domain/notices/notify-member.ts');
    const { requireService } = await import('./resolve.ts');
    const { accessOf } = await import('../domain/services/service-store.ts');
    const appPasswords = await import('../domain/app-passwords/app-password.ts');
    const { subject, username } = member;
    const service = await requireService(database, community, serviceName);
    const { id, secret } = await database.transaction(async (tx) => {
      const wanted = { subject, serviceId: service.id, name };
      const made = await appPasswords.createAppPassword(tx, community.id, wanted, 'cli');
      await notifyMember(tx, {
        communityId: community.id,
        subject,
        issuerUrl: await communityAddress(tx, hubUrl, community.id),
        template: 'new-app-password',
        data: { name: name.trim(), service: service.name },
      });
      return made;
    });
    const access = await accessOf(database, community.id, service.id, subject);
    const later = access?.allowed
      ? ''
      : `\nIt works once they may use ${service.slug}; now they may not (${access?.reason}).`;
    return {
      text: `${username} of ${slug} has an app password for ${service.slug}.${shownOnce(secret)}${later}`,
      value: {
        subject,
        username,
        service: service.slug,
        id,
        name: name.trim(),
        password: secret,
        allowed: access?.allowed === true,
      },
    };
  });
}

export function listAppPasswords(slug: string, memberName: string): Promise<Outcome> {
  return withMember(slug, memberName, async ({ database, community, member }) => {
    const store = await import('../domain/app-passwords/app-password-store.ts');
    const { subject, username } = member;
    const listed = await store.listAppPasswords(database, community.id, subject);
    const text =
      listed.length === 0
        ? `${username} has no app passwords.`
        : table(['ID', 'SERVICE', 'NAME', 'MADE', 'LAST USED'], listed.map(row));
    return { text, value: { subject, username, appPasswords: listed } };
  });
}

function row({ id, service, name, createdAt, lastUsedAt }: AppPassword): string[] {
  const day = (date: Date | null) => date?.toISOString().slice(0, 10) ?? 'never';
  return [id, service, name, day(createdAt), day(lastUsedAt)];
}

export async function revokeAppPassword(
  slug: string,
  memberName: string,
  id: string | undefined,
  { all = false }: RevokeOptions,
): Promise<Outcome> {
  if (all === (id !== undefined)) throw new CommandError('give either an id or --all');
  if (id !== undefined && !isUuid(id)) {
    throw new CommandError(
      `"${line(id)}" is not an app password's id; "trousseau member app-passwords" names them`,
    );
  }
  return withMember(slug, memberName, async ({ database, community, member }) => {
    const appPasswords = await import('../domain/app-passwords/app-password.ts');
    const { subject, username } = member;
    const revoked = await database.transaction(async (tx) => {
      if (id === undefined) {
        return appPasswords.revokeAppPasswords(tx, community.id, subject, 'cli');
      }
      await appPasswords.revokeAppPassword(tx, community.id, { subject, id }, 'cli');
      return 1;
    });
    const text = `${plural(revoked, 'app password')} of ${username} ${revoked === 1 ? 'works' : 'work'} no more.`;
    return { text, value: { subject, username, revoked } };
  });
}
