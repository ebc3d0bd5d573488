import { z } from 'zod';
import { createAppPassword, revokeAppPassword } from '../../domain/app-passwords/app-password.ts';
import { listAppPasswords } from '../../domain/app-passwords/app-password-store.ts';
import type { Service } from '../../domain/communities/community.ts';
import { doStepOnce } from '../../domain/done-steps/done-step.ts';
import { RefusedError } from '../../domain/errors.ts';
import { accessTo, type Member } from '../../domain/memberships/member.ts';
import { notifyMember } from '../../domain/notices/notify-member.ts';
import { readerServices } from '../../domain/services/sharing-store.ts';
import { escapeDnValue } from '../../platform/distinguished-names/dn.ts';
import { uuid } from '../../platform/text/uuid-schema.ts';
import { noFields, oneOf, typed } from '../../platform/web/form-fields.ts';
import { timesFor } from '../components/times.ts';
import type { CommunityRequest } from '../routing/community-request.ts';
import { type CommunityRoute, route } from '../routing/community-route.ts';
import { changeOrLead, formIn, pageIn } from '../routing/done-steps.ts';
import type { WebParts } from '../routing/web-parts.ts';
import { memberRecent } from '../routing/who.ts';
import type { AccountPage } from './pages.ts';

type ListPage = Extract<AccountPage, { page: 'account/app-passwords' }>;

export const APP_PASSWORD_ROUTES: CommunityRoute[] = [
  route({
    method: 'GET',
    path: '/account/app-passwords',
    who: memberRecent,
    query: z.object({ notice: oneOf('revoked') }),
    async handle({ parts, request, who: { member }, query: { notice } }) {
      request.page(await listPage(parts, request, member, { notice }), { member });
    },
  }),
  // The answer itself shows the secret, this once.
  route({
    method: 'POST',
    path: '/account/app-passwords',
    who: memberRecent,
    form: z.object({ name: typed, service: z.string().optional() }),
    async handle({ parts, request, who: { member }, form: { name, service: slug } }) {
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
      // Of a form that was sent before, and whose app password was revoked since.
      if (!(await isThere(parts, request, member, made.id)))
        return request.redirect('/account/app-passwords');
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
    },
  }),
  route({
    method: 'POST',
    path: '/account/app-passwords/:id/revoke',
    params: z.object({ id: uuid }),
    who: memberRecent,
    form: noFields,
    async handle({ parts, request, who, params: { id } }) {
      const { subject } = who.member;
      const to = '/account/app-passwords?notice=revoked';
      await changeOrLead(parts, request, { step: pageIn(request, subject), subject, to }, (tx) =>
        revokeAppPassword(tx, request.community.id, { subject, id }, `member:${subject}`),
      );
    },
  }),
];

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

/** Made once, however often its form is sent: each answer shows the same secret. */
async function make(
  parts: WebParts,
  request: CommunityRequest,
  { subject }: Member,
  service: Service,
  name: string,
): Promise<
  { id: string; secret: string } | { fault: 'app-password-name' | 'too-many-app-passwords' }
> {
  const { community, issuer } = request;
  const step = formIn(request, JSON.stringify([subject, service.id, name]));
  try {
    const { shown } = await doStepOnce(parts, step, async (tx) => {
      const wanted = { subject, serviceId: service.id, name };
      const made = await createAppPassword(tx, community.id, wanted, `member:${subject}`);
      await notifyMember(tx, {
        communityId: community.id,
        subject,
        issuerUrl: issuer.url,
        template: 'new-app-password',
        data: { name: name.trim(), service: service.name },
      });
      return { subject, shown: made };
    });
    return shown as { id: string; secret: string };
  } catch (error) {
    if (error instanceof RefusedError) {
      const isName = error.code === 'app-password-name';
      if (isName || error.code === 'too-many-app-passwords')
        return { fault: error.code as 'app-password-name' };
    }
    throw error;
  }
}

async function isThere(
  { database }: WebParts,
  { community }: CommunityRequest,
  { subject }: Member,
  id: string,
): Promise<boolean> {
  const passwords = await listAppPasswords(database, community.id, subject);
  return passwords.some((password) => password.id === id);
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
