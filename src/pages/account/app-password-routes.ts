import type { Service } from '../../domain/communities/community.ts';
import { NotFoundError, RefusedError } from '../../domain/errors.ts';
import { accessTo, type Member } from '../../domain/memberships/member.ts';
import { notifyMember } from '../../domain/notices/notify-member.ts';
import { createAppPassword, revokeAppPassword } from '../../domain/people/app-password.ts';
import { listAppPasswords } from '../../domain/people/app-password-store.ts';
import { readerServices } from '../../domain/services/sharing-store.ts';
import { escapeDnValue } from '../../platform/distinguished-names/dn.ts';
import { notFound } from '../../platform/web/http-errors.ts';
import type { CommunityRequest } from '../routing/community-request.ts';
import type { CommunityRoutes } from '../routing/community-route-table.ts';
import { requireSignedIn } from '../routing/signed-in.ts';
import type { WebParts } from '../routing/web-parts.ts';
import type { AccountPage } from './pages.ts';
import { timesFor } from './times.ts';

type ListPage = Extract<AccountPage, { page: 'account/app-passwords' }>;

const ID = '([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})';

export const APP_PASSWORD_ROUTES: CommunityRoutes = [
  ['GET', /^\/account\/app-passwords$/, (parts, request) => showAppPasswords(parts, request)],
  ['POST', /^\/account\/app-passwords$/, (parts, request) => submitNew(parts, request)],
  ['POST', new RegExp(`^/account/app-passwords/${ID}/revoke$`), submitRevocation],
];

async function showAppPasswords(parts: WebParts, request: CommunityRequest): Promise<void> {
  const who = await requireSignedIn(request, { recent: true });
  if (who === undefined) return;
  const notice = request.ctx.query.notice === 'revoked' ? 'revoked' : undefined;
  request.page(await listPage(parts, request, who.member, { notice }), { member: who.member });
}

async function listPage(
  { database }: WebParts,
  request: CommunityRequest,
  member: Member,
  change: Partial<ListPage> & { slug?: string | undefined },
): Promise<ListPage> {
  const { community } = request;
  const times = timesFor(request, member);
  const passwords = await listAppPasswords(database, community.id, member.subject);
  const nameOf = (id: string) => community.services.find((service) => service.id === id)?.name;
  const { slug, ...changed } = change;
  const services = usableServices(request, member, await readerServices(database, community.id));
  return {
    page: 'account/app-passwords',
    action: `${request.issuer.basePath}/account/app-passwords`,
    csrf: request.csrf(),
    passwords: passwords.map((password) => ({
      id: password.id,
      name: password.name,
      service: nameOf(password.serviceId) ?? password.service,
      created: times.day(password.createdAt),
      lastUsed: password.lastUsedAt === null ? undefined : times.day(password.lastUsedAt),
    })),
    services: services.map((service) => ({
      slug: service.slug,
      name: service.name,
      selected: service.slug === slug,
    })),
    name: '',
    faults: [],
    ...changed,
  };
}

/** Services that take a password of their own: those that ask the directory, or cannot sign in otherwise. */
function usableServices(
  { community }: CommunityRequest,
  member: Member,
  readers: string[],
): Service[] {
  return community.services.filter(
    (service) =>
      (readers.includes(service.id) || service.client === null) &&
      accessTo(community, service, member).allowed,
  );
}

/** POST ISSUER/account/app-passwords: the answer itself shows the secret, this once. */
async function submitNew(parts: WebParts, request: CommunityRequest): Promise<void> {
  const who = await requireSignedIn(request, { recent: true });
  if (who === undefined) return;
  const { name = '', service: slug } = await request.form();
  const { member } = who;
  const { community } = request;
  const readers = await readerServices(parts.database, community.id);
  const service = usableServices(request, member, readers).find((one) => one.slug === slug);
  const refuse = async (fault: ListPage['faults'][number]) => {
    const again = { slug, name: name.slice(0, 500), faults: [fault] };
    request.page(await listPage(parts, request, member, again), { status: 400, member });
  };
  if (service === undefined) return refuse({ field: 'service', code: 'service' });
  const made = await make(parts, request, member, service, name);
  if ('fault' in made) return refuse({ field: 'name', code: made.fault });
  await parts.settle();
  request.page(
    {
      page: 'account/app-password-made',
      backUrl: `${request.issuer.basePath}/account/app-passwords`,
      name: name.trim(),
      service: service.name,
      secret: made.secret,
      username: member.username,
      dn: await userDn(parts, community.id, member.username),
    },
    { member },
  );
}

async function make(
  { database }: WebParts,
  { community, issuer }: CommunityRequest,
  { subject }: Member,
  service: Service,
  name: string,
): Promise<{ secret: string } | { fault: 'app-password-name' | 'too-many-app-passwords' }> {
  try {
    return await database.transaction(async (tx) => {
      const wanted = { subject, serviceId: service.id, name };
      const made = await createAppPassword(tx, community.id, wanted, `member:${subject}`);
      await notifyMember(tx, {
        communityId: community.id,
        subject,
        issuerUrl: issuer.url,
        template: 'new-app-password',
        data: { name: name.trim(), service: service.name },
      });
      return made;
    });
  } catch (error) {
    if (error instanceof RefusedError) {
      const isName = error.code === 'app-password-name';
      if (isName || error.code === 'too-many-app-passwords')
        return { fault: error.code as 'app-password-name' };
    }
    throw error;
  }
}

/** The name of the member's entry in the community's directory (RFC 4514). */
async function userDn(
  { database }: WebParts,
  communityId: string,
  username: string,
): Promise<string> {
  const [row] = await database.query<{ base: string }>(
    'SELECT ldap_base AS base FROM communities WHERE id = $1',
    [communityId],
  );
  return `uid=${escapeDnValue(username)},ou=people,${row?.base}`;
}

async function submitRevocation(
  parts: WebParts,
  request: CommunityRequest,
  [id]: string[],
): Promise<void> {
  const who = await requireSignedIn(request, { recent: true });
  if (who === undefined) return;
  await request.form();
  const { subject } = who.member;
  try {
    await parts.database.transaction((tx) =>
      revokeAppPassword(
        tx,
        request.community.id,
        { subject, id: id as string },
        `member:${subject}`,
      ),
    );
  } catch (error) {
    if (error instanceof NotFoundError) throw notFound('app password');
    throw error;
  }
  await parts.settle();
  request.redirect('/account/app-passwords?notice=revoked');
}
