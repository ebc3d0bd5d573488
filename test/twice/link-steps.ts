import { createInvitation } from '../../src/domain/invitations/create-invitation.ts';
import { mintLink, type NewLink } from '../../src/domain/links/link-store.ts';
import { Browser } from '../support/browser.ts';
import { buildCommunity, buildMember } from '../support/factories.ts';
import type { TestHub } from '../support/hub.ts';
import { JoinVisit } from '../support/join-visit.ts';
import { NEW_PASSWORD, solve } from '../support/newcomers.ts';
import { place } from './sign-in-steps.ts';
import type { Ready, StepTried } from './step.ts';

let people = 0;
const nextPerson = () => {
  people += 1;
  return { username: `nouvelle${people}`, email: `nouvelle${people}@exemple.fr` };
};

/** What links and requests by mail open. */
export async function linkSteps(hub: TestHub): Promise<StepTried[]> {
  const open = await buildCommunity(hub.database, { registration: 'open' });
  const approving = await buildCommunity(hub.database, { registration: 'approval' });
  await hub.app.settle();
  const { issuer, newMember, isHome, isSignedIn } = place(hub, open);
  const at = (path: string, { slug } = open) => `${hub.url}/c/${slug}${path}`;
  const linkOf = (link: NewLink, { id } = open) => mintLink(hub.database, id, link);
  const form = async (
    url: string,
    selector: string,
    fields: Record<string, string>,
    browser = new Browser(),
  ): Promise<Ready> => ({ browser, page: await browser.open(url), form: selector, fields });
  const details = (username: string) => ({
    username,
    display_name: 'Camille',
    password: NEW_PASSWORD,
  });
  const register = async (where = open) => {
    const { username, email } = nextPerson();
    const token = await linkOf({ kind: 'registration', email, hours: 1 }, where);
    const url = at(`/register/${token}`, where);
    return form(url, '#newcomer-form', details(username));
  };
  const invited = async (maxUses: number) => {
    const { token } = await hub.database.transaction((tx) =>
      createInvitation(
        tx,
        hub.sealer,
        open.id,
        { label: 'affiche', role: 'member', groupIds: [], days: 7, maxUses },
        'cli',
      ),
    );
    const { username, email } = nextPerson();
    const fields = { ...details(username), email };
    return form(at(`/invitations/${token}`), '#newcomer-form', fields);
  };
  const wrong = { password: 'tout autre chose que cela' };
  return [
    {
      name: 'asking to register',
      routes: ['POST /register'],
      prepare: async () => {
        const fields = { email: nextPerson().email, challenge: await solve(issuer) };
        return form(at('/register'), '#register-form', fields);
      },
      provesAnywhere: true,
      isThere: ({ url }) => url === at('/register/sent'),
    },
    {
      name: 'registering',
      routes: ['POST /register/:token'],
      prepare: () => register(),
      wrong,
      isThere: isHome,
      after: isSignedIn,
    },
    {
      name: 'registering where admins decide',
      routes: ['POST /register/:token'],
      prepare: () => register(approving),
      isThere: ({ url }) => url === at('/register/requested', approving),
    },
    {
      name: 'an invitation for one',
      routes: ['POST /invitations/:token'],
      prepare: () => invited(1),
      wrong,
      isThere: isHome,
      after: isSignedIn,
    },
    {
      name: 'an invitation for many',
      routes: ['POST /invitations/:token'],
      prepare: () => invited(50),
      wrong,
      isThere: isHome,
      after: isSignedIn,
    },
    {
      name: 'asking for a new password',
      routes: ['POST /recover'],
      prepare: () => form(at('/recover'), '#recover-form', { username: nextPerson().username }),
      provesAnywhere: true,
      isThere: ({ url }) => url === at('/recover/sent'),
    },
    {
      name: 'a new password by a link',
      routes: ['POST /recover/:token'],
      prepare: async () => {
        const { subject, email } = await newMember();
        const token = await linkOf({ kind: 'recovery', subject, email, hours: 1 });
        return form(at(`/recover/${token}`), '#recover-password-form', { password: NEW_PASSWORD });
      },
      wrong,
      isThere: ({ url }) => url === at('/login?notice=password-changed'),
    },
    {
      name: 'proving an address',
      routes: ['POST /verify/:token'],
      prepare: async () => {
        const { subject, email } = await newMember();
        const token = await linkOf({ kind: 'verification', subject, email, hours: 1 });
        return form(at(`/verify/${token}`), '#verify-form', {});
      },
      isThere: ({ url, status }) => url === at('/verify') && status === 200,
    },
    {
      name: 'joining another community',
      routes: ['POST /account/join/:slug/:token'],
      prepare: async () => {
        const home = await buildCommunity(hub.database);
        const member = await buildMember(hub.database, home.id);
        await hub.database.query(
          'UPDATE person_emails SET proven_at = now() WHERE person_id = $1',
          [member.personId],
        );
        await hub.app.settle();
        const browser = new Browser();
        const page = await new JoinVisit(hub, home, member, browser).toConfirmation(open);
        return { browser, page, form: '#join-form', fields: { email: member.email } };
      },
      isThere: ({ url }) => url === `${issuer}/login?notice=joined`,
    },
  ];
}
