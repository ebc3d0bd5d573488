import { hashPassword } from '../../domain/people/password.ts';
import { isShortAlone, newPasswordFault } from '../../domain/people/password-rule.ts';
import { orTooShort, setPassword } from '../../domain/people/set-password.ts';
import type { CommunityRequest } from '../routing/community-request.ts';
import type { CommunityRoutes } from '../routing/community-route-table.ts';
import { recently } from '../routing/recently.ts';
import type { SignedIn } from '../routing/signed-in.ts';
import type { WebParts } from '../routing/web-parts.ts';
import { rememberDevice } from '../sign-in/known-device.ts';
import type { PasswordPage } from './pages.ts';

export const PASSWORD_ROUTES: CommunityRoutes = [
  ['GET', /^\/account\/password$/, recently(show)],
  ['POST', /^\/account\/password$/, recently(submit)],
];

async function show(parts: WebParts, request: CommunityRequest, who: SignedIn): Promise<void> {
  const notice = request.ctx.query.notice === 'changed' ? 'changed' : undefined;
  request.page({ ...(await passwordPage(parts, request, who)), notice }, { member: who.member });
}

/** POST ISSUER/account/password: every other session ends, this one stays. */
async function submit(parts: WebParts, request: CommunityRequest, who: SignedIn): Promise<void> {
  const { password = '' } = await request.form();
  const { community, issuer } = request;
  const { member, session } = who;
  const { username, displayName, givenName, familyName, email, secondFactor } = member;
  const code = await newPasswordFault(password, {
    words: [username, displayName, givenName, familyName, email, community.name, community.slug],
    secondFactor,
  });
  const refuse = async (fault: NonNullable<typeof code>) => {
    const page = await passwordPage(parts, request, who);
    const faults: PasswordPage['faults'] = [{ field: 'password', code: fault }];
    request.page({ ...page, faults }, { status: 400, member });
  };
  if (code !== undefined) return refuse(code);
  const passwordHash = await hashPassword(password);
  const work = parts.database.transaction((tx) =>
    setPassword(tx, community.id, member.subject, passwordHash, `member:${member.subject}`, {
      isShort: isShortAlone(password),
      keptSession: session.uid,
      issuerUrl: issuer.url,
    }),
  );
  if ((await orTooShort(work)) === 'too-short') return refuse('too-short');
  rememberDevice(parts, request, member.subject);
  await parts.settle();
  request.redirect('/account/password?notice=changed');
}

async function passwordPage(
  { database }: WebParts,
  request: CommunityRequest,
  { member, personId }: SignedIn,
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
    faults: [],
  };
}
