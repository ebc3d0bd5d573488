import { z } from 'zod';
import { doStepOnce } from '../../domain/done-steps/done-step.ts';
import { orTooShort, setPassword } from '../../domain/memberships/set-password.ts';
import { isShortAlone, newPasswordFault } from '../../domain/people/password-rule.ts';
import type { OtherSessions } from '../../domain/second-factors/other-sessions.ts';
import { oneOf, typed } from '../../platform/web/form-fields.ts';
import { askOthers, othersField, PASSWORD_OTHERS } from '../components/other-sessions-field.ts';
import type { CommunityRequest } from '../routing/community-request.ts';
import { type CommunityRoute, route } from '../routing/community-route.ts';
import { doneBefore, formIn, leadOn } from '../routing/done-steps.ts';
import type { SignedIn } from '../routing/signed-in.ts';
import type { WebParts } from '../routing/web-parts.ts';
import { memberRecent } from '../routing/who.ts';
import { rememberDevice } from '../sign-in/known-device.ts';
import type { PasswordPage } from './pages.ts';

export const PASSWORD_ROUTES: CommunityRoute[] = [
  route({
    method: 'GET',
    path: '/account/password',
    who: memberRecent,
    query: z.object({ notice: oneOf('changed', 'changed-here') }),
    async handle({ parts, request, who, query: { notice } }) {
      request.page(
        { ...(await passwordPage(parts, request, who)), notice },
        { member: who.member },
      );
    },
  }),
  // What becomes of the other sessions is asked; this one stays.
  route({
    method: 'POST',
    path: '/account/password',
    who: memberRecent,
    form: z.object({ password: typed, others: othersField(PASSWORD_OTHERS) }),
    hashes: true,
    async handle({ parts, request, who, form: { password, others } }) {
      const { community, issuer } = request;
      const { member, session } = who;
      const { username, displayName, givenName, familyName, email, secondFactor } = member;
      const code = await newPasswordFault(request.passwords(), password, {
        words: [
          username,
          displayName,
          givenName,
          familyName,
          email,
          community.name,
          community.slug,
        ],
        secondFactor,
      });
      const refuse = async (fault: NonNullable<typeof code>) => {
        const page = await passwordPage(parts, request, who, others);
        const faults: PasswordPage['faults'] = [{ field: 'password', code: fault }];
        request.page({ ...page, faults }, { status: 400, member });
      };
      if (code !== undefined) return refuse(code);
      const { subject } = member;
      const notice = others === 'end' ? 'changed' : 'changed-here';
      const to = `/account/password?notice=${notice}`;
      // The form that a browser went back to may hold another password: that is another step.
      const which = parts.sealer.digest('new-password', password);
      const step = formIn(request, `${subject} ${others} ${which}`);
      const done = await doneBefore(parts, step);
      // It may have been changed again since.
      if (done !== undefined && (await isOwn(parts, request, who, password))) {
        await leadOn(request, done);
        return;
      }
      const passwordHash = await request.passwords().hash(password);
      const work = doStepOnce(parts, done === undefined ? step : undefined, async (tx) => {
        await setPassword(tx, community.id, subject, passwordHash, `member:${subject}`, {
          isShort: isShortAlone(password),
          keptSession: session.uid,
          others,
          issuerUrl: issuer.url,
        });
        return { subject, ledTo: issuer.basePath + to };
      });
      if ((await orTooShort(work)) === 'too-short') return refuse('too-short');
      rememberDevice(parts, request, subject);
      await parts.settle();
      request.redirect(to);
    },
  }),
];

async function isOwn(
  { database }: Pick<WebParts, 'database'>,
  request: CommunityRequest,
  { personId }: SignedIn,
  password: string,
): Promise<boolean> {
  const [person] = await database.query<{ hash: string | null }>(
    'SELECT password_hash AS hash FROM persons WHERE id = $1',
    [personId],
  );
  return (await request.passwords().check(person?.hash, password)).matches;
}

async function passwordPage(
  { database }: WebParts,
  request: CommunityRequest,
  { member, personId }: SignedIn,
  chosen?: OtherSessions,
): Promise<PasswordPage> {
  const [person] = await database.query<{ has: boolean }>(
    'SELECT password_hash IS NOT NULL AS has FROM persons WHERE id = $1',
    [personId],
  );
  return {
    page: 'account/password',
    action: `${request.issuer.basePath}/account/password`,
    csrf: request.csrf(),
    username: member.username,
    hasOne: person?.has === true,
    secondFactor: member.secondFactor,
    others: askOthers(PASSWORD_OTHERS, { chosen, basePath: request.issuer.basePath }),
    faults: [],
  };
}
