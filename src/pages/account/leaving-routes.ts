import { z } from 'zod';
import { DELETION_DAYS, requestDeletion } from '../../domain/account-deletion/delete-account.ts';
import { noteStep } from '../../domain/done-steps/done-step.ts';
import { RefusedError } from '../../domain/errors.ts';
import { setMemberStatus } from '../../domain/memberships/set-member-status.ts';
import { notifyMember } from '../../domain/notices/notify-member.ts';
import type { Transaction } from '../../platform/database/database.ts';
import { nameKey } from '../../platform/text/names.ts';
import { typed } from '../../platform/web/form-fields.ts';
import type { Guard } from '../../platform/web/route.ts';
import { timesFor } from '../components/times.ts';
import type { CommunityRequest } from '../routing/community-request.ts';
import { type CommunityKind, type CommunityRoute, route } from '../routing/community-route.ts';
import { doneBefore, formIn } from '../routing/done-steps.ts';
import { type SignedIn, signedIn } from '../routing/signed-in.ts';
import type { WebParts } from '../routing/web-parts.ts';
import { memberRecent } from '../routing/who.ts';
import { DECISION_ROUTES } from './deletion-pending.ts';
import type { LeavingPage } from './leaving-pages.ts';

type LeavePage = Extract<LeavingPage, { page: 'account/leave' }>;
type LeftPage = Extract<LeavingPage, { page: 'left' }>;
type DeletePage = Extract<LeavingPage, { page: 'account/delete' }>;

const confirmation = z.object({ confirm: typed });

/**
 * A member who has just shown that it is them; or the browser that has left by this very form, in which nobody is
 * signed in any more: sent again, it is answered as it was.
 */
function leaving(kind: LeftPage['kind']): Guard<CommunityKind, SignedIn> {
  return {
    name: 'member-recent-or-left',
    async admit(asked) {
      const { parts, request } = asked;
      const isOut = (await signedIn(request)) === undefined;
      if (isOut && (await showLeftAgain(parts, request, kind))) return undefined;
      return memberRecent.admit(asked);
    },
  };
}

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
    who: leaving('left'),
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
          const actor = `member:${subject}` as const;
          // Of two at once, the second writes nothing.
          if (!(await setMemberStatus(tx, communityId, subject, 'leave', actor)))
            throw new RefusedError('state', 'the member has left already');
          await noteLeft(parts, request, tx, subject);
        }),
      );
      if (refusal === 'last-owner') return refuse({ field: 'form', code: 'last-owner' });
      await parts.settle();
      if (!(await showLeft(parts, request, 'left', subject))) request.redirect('/');
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
    who: leaving('deletion'),
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
      const refusal = await refusalOf(
        parts.database.transaction(async (tx) => {
          await requestDeletion(tx, who.personId, at);
          await noteLeft(parts, request, tx, subject);
        }),
      );
      // Of two at once, the other was first.
      if (refusal === 'state' && (await showLeftAgain(parts, request, 'deletion'))) return;
      if (refusal !== undefined) return refuse({ field: 'form', code: refusal });
      await parts.settle();
      if (!(await showLeft(parts, request, 'deletion', subject))) request.redirect('/');
    },
  }),
  ...DECISION_ROUTES,
];

const leftStep = (request: CommunityRequest) => formIn(request, 'leaving');

async function noteLeft(
  { sealer }: WebParts,
  request: CommunityRequest,
  tx: Transaction,
  subject: string,
): Promise<void> {
  const step = leftStep(request);
  if (step !== undefined) await noteStep(sealer, tx, step, { subject });
}

async function showLeftAgain(
  parts: WebParts,
  request: CommunityRequest,
  kind: LeftPage['kind'],
): Promise<boolean> {
  const done = await doneBefore(parts, leftStep(request));
  return done?.subject !== undefined && showLeft(parts, request, kind, done.subject);
}

/** @returns false when it is so no more: they came back */
async function showLeft(
  parts: WebParts,
  request: CommunityRequest,
  kind: LeftPage['kind'],
  subject: string,
): Promise<boolean> {
  const [row] = await parts.database.query<{ due: Date | null; zoneinfo: string | null }>(
    `SELECT p.deletion_due_at AS due, m.zoneinfo FROM memberships m LEFT JOIN persons p ON p.id = m.person_id
     WHERE m.community_id = $1 AND m.subject = $2
       AND CASE WHEN $3 = 'left' THEN m.status = 'left' ELSE p.deletion_due_at IS NOT NULL END`,
    [request.community.id, subject, kind],
  );
  if (row === undefined) return false;
  const due = kind === 'deletion' && row.due ? timesFor(request, row).day(row.due) : undefined;
  request.page({ page: 'left', kind, due, homeUrl: request.issuer.basePath || '/' });
  return true;
}

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
