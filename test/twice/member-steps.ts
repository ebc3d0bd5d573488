import { visit } from '../support/account-visits.ts';
import { type BuiltMember, buildCommunity, buildGroup, buildMember } from '../support/factories.ts';
import type { TestHub } from '../support/hub.ts';
import type { StepTried } from './step.ts';

/** What admins do to members on the community's console. */
export async function memberSteps(hub: TestHub): Promise<StepTried[]> {
  const community = await buildCommunity(hub.database);
  const { id: communityId } = community;
  const issuer = `${hub.url}/c/${community.slug}`;
  const group = await buildGroup(hub.database, communityId);
  await hub.app.settle();

  type Wanted = { form: string; fields?: Record<string, string> };
  const step = (
    what: string,
    notice: string,
    wanted: Wanted,
    { status, path = '' }: { status?: 'suspended'; path?: string } = {},
  ): StepTried => ({
    name: `a member: ${what}`,
    routes: [`POST /admin/members/:subject/${what}`],
    inTabs: true,
    async prepare() {
      const admin = await buildMember(hub.database, communityId, { role: 'owner' });
      const member = await buildMember(hub.database, communityId, {
        ...(status !== undefined && { status }),
      });
      if (what === 'end-session') await signInOnce(member);
      const { browser } = await visit(hub, community, { member: admin });
      await hub.app.settle();
      const page = await browser.open(`${issuer}/admin/members/${member.subject}${path}`);
      return { browser, page, ...wanted };
    },
    isThere: ({ url, status: answer }) => url.endsWith(`?notice=${notice}`) && answer === 200,
  });
  const signInOnce = async (member: BuiltMember) => {
    await hub.app.settle();
    await visit(hub, community, { member });
  };

  return [
    step('suspend', 'suspended', { form: 'form[action$="/suspend"]' }),
    step('resume', 'resumed', { form: 'form[action$="/resume"]' }, { status: 'suspended' }),
    step('let-go', 'left', { form: '#let-go-form' }, { path: '/let-go' }),
    step('role', 'role', { form: '#role-form', fields: { role: 'admin' } }),
    step('groups', 'group-added', { form: '#group-form', fields: { group: group.id } }),
    step('end-session', 'session-ended', { form: 'form[action$="/end-session"]' }),
    {
      name: 'several members: suspend',
      routes: ['POST /admin/members/several'],
      inTabs: true,
      async prepare() {
        const admin = await buildMember(hub.database, communityId, { role: 'owner' });
        const { subject } = await buildMember(hub.database, communityId);
        const { browser } = await visit(hub, community, { member: admin });
        await hub.app.settle();
        const page = await browser.open(
          `${issuer}/admin/members/several?action=suspend&subject=${subject}`,
        );
        return { browser, page, form: '#several-form' };
      },
      isThere: ({ url, status }) => url.endsWith('?notice=changed') && status === 200,
    },
  ];
}
