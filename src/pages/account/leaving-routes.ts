import { z } from 'zod';
import { DELETION_DAYS, requestDeletion } from '../../domain/account-deletion/delete-account.ts';
import { RefusedError } from '../../domain/errors.ts';
import { setMemberStatus } from '../../domain/memberships/set-member-status.ts';
import { notifyMember } from '../../domain/notices/notify-member.ts';
import { nameKey } from '../../platform/text/names.ts';
import { typed } from '../../platform/web/form-fields.ts';
import { timesFor } from '../components/times.ts';
import type { CommunityRequest } from '../routing/community-request.ts';
import { type CommunityRoute, route } from '../routing/community-route.ts';
import type { SignedIn } from '../routing/signed-in.ts';
import type { WebParts } from '../routing/web-parts.ts';
import { memberRecent } from '../routing/who.ts';
import { DECISION_ROUTES } from './deletion-pending.ts';
import type { LeavingPage } from './leaving-pages.ts';

type LeavePage = Extract<LeavingPage, { page: 'account/leave' }>;
type DeletePage = Extract<LeavingPage, { page: 'account/delete' }>;

const confirmation = z.object({ confirm: typed });

export const LEAVING_ROUTES: CommunityRoute[] = [
  route({
    method: 'GET',
    path: '/account/leave',
    who: memberRecent,
    handle: ({ request, who }) => request.page(leavePage(request, who), { member: who.member }),
  }),
  route({
    method: 'POST',
    path: '/account/leave',
    who: memberRecent,
    form: confirmation,
    async handle({ parts, request, who, form: { confirm } }) {
      const { subject, username } = who.member;
      const refuse = (fault: LeavePage['faults'][number]) =>
        request.page(
          { ...leavePage(request, who), typed: confirm.slice(0, 100), faults: [fault] },
          { status: 400, member: who.member },
        );
      if (!isName(confirm, username)) return refuse({ field: 'confirm', code: 'confirm' });
      const communityId = request.community.id;
      const refusal = await refusalOf(
        parts.database.transaction(async (tx) => {
          const issuerUrl = request.issuer.url;
          await notifyMember(tx, { communityId, subject, issuerUrl, template: 'left' });
          await setMemberStatus(tx, communityId, subject, 'leave', `member:${subject}`);
        }),
      );
      if (refusal === 'last-owner') return refuse({ field: 'form', code: 'last-owner' });
      await parts.settle();
      request.page({ page: 'left', kind: 'left', homeUrl: request.issuer.basePath || '/' });
    },
  }),
  route({
    method: 'GET',
    path: '/account/delete',
    who: memberRecent,
    async handle({ parts, request, who }) {
      request.page(await deletePage(parts, request, who), { member: who.member });
    },
  }),
  route({
    method: 'POST',
    path: '/account/delete',
    who: memberRecent,
    form: confirmation,
    async handle({ parts, request, who, form: { confirm } }) {
      const { subject, username } = who.member;
      const refuse = async (fault: DeletePage['faults'][number]) =>
        request.page(
          {
            ...(await deletePage(parts, request, who)),
            typed: confirm.slice(0, 100),
            faults: [fault],
          },
          { status: 400, member: who.member },
        );
      if (!isName(confirm, username)) return refuse({ field: 'confirm', code: 'confirm' });
      const at = { communityId: request.community.id, subject, issuerUrl: request.issuer.url };
      let due = new Date();
      const refusal = await refusalOf(
        parts.database.transaction(async (tx) => {
          due = await requestDeletion(tx, who.personId, at);
        }),
      );
      if (refusal !== undefined) return refuse({ field: 'form', code: refusal });
      await parts.settle();
      request.page({
        page: 'left',
        kind: 'deletion',
        due: timesFor(request, who.member).day(due),
        homeUrl: request.issuer.basePath || '/',
      });
    },
  }),
  ...DECISION_ROUTES,
];

function leavePage(request: CommunityRequest, { member }: SignedIn): LeavePage {
  return {
    page: 'account/leave',
    action: `${request.issuer.basePath}/account/leave`,
    csrf: request.csrf(),
    username: member.username,
    faults: [],
  };
}

async function deletePage(
  parts: WebParts,
  request: CommunityRequest,
  { member, personId }: SignedIn,
): Promise<DeletePage> {
  const communities = await parts.database.query<{ name: string }>(
    `SELECT c.name FROM memberships m JOIN communities c ON c.id = m.community_id
     WHERE m.person_id = $1 AND m.status IN ('active', 'requested') ORDER BY c.name`,
    [personId],
  );
  return {
    page: 'account/delete',
    action: `${request.issuer.basePath}/account/delete`,
    csrf: request.csrf(),
    username: member.username,
    communities: communities.map(({ name }) => name),
    days: DELETION_DAYS,
    faults: [],
  };
}

function isName(typed: string, username: string): boolean {
  return nameKey(typed.trim()) === nameKey(username);
}

/** The reason that the rules gave against it; undefined when it is done. */
async function refusalOf(
  work: Promise<void>,
): Promise<'last-owner' | 'operator' | 'state' | undefined> {
  try {
    await work;
    return undefined;
  } catch (error) {
    if (!(error instanceof RefusedError)) throw error;
    if (error.code === 'last-owner' || error.code === 'operator' || error.code === 'state')
      return error.code;
    throw error;
  }
}
