import { enterGroup } from '../../src/domain/groups/enter-group.ts';
import { saveGroups } from '../../src/domain/groups/save-groups.ts';
import { visit } from '../support/account-visits.ts';
import { buildCommunity, buildGroup, buildMember } from '../support/factories.ts';
import type { TestHub } from '../support/hub.ts';
import type { StepTried } from './step.ts';

/** What admins do to groups on the community's console. */
export async function groupSteps(hub: TestHub): Promise<StepTried[]> {
  const community = await buildCommunity(hub.database);
  const { id: communityId } = community;
  const issuer = `${hub.url}/c/${community.slug}`;
  await hub.app.settle();
  let names = 0;

  type Group = { id: string; name: string };
  type Wanted = { form: string; fields?: Record<string, string>; button?: string };
  const step = (
    what: string,
    { path, notice, inTabs = true }: { path: string; notice: string; inTabs?: boolean },
    given: (group: Group) => Promise<Wanted>,
  ): StepTried => ({
    name: `a group: ${what}`,
    routes: [`POST /admin/groups${path}`],
    ...(inTabs && { inTabs: true as const }),
    async prepare() {
      const admin = await buildMember(hub.database, communityId, { role: 'owner' });
      const group = await buildGroup(hub.database, communityId);
      const wanted = await given(group);
      const { browser } = await visit(hub, community, { member: admin });
      await hub.app.settle();
      const where = path.replace(
        /^\/:id(\/delete)?.*$/,
        (_, deletes = '') => `/${group.id}${deletes}`,
      );
      const page = await browser.open(`${issuer}/admin/groups${where}`);
      return { browser, page, ...wanted };
    },
    isThere: ({ url, status }) => url.endsWith(`?notice=${notice}`) && status === 200,
  });
  const member = () => buildMember(hub.database, communityId);
  const save = (change: Parameters<typeof saveGroups>[2][number]) =>
    hub.database.transaction((tx) => saveGroups(tx, communityId, [change], 'cli'));

  return [
    step('made', { path: '', notice: 'created', inTabs: false }, async () => {
      names += 1;
      return { form: '#group-form', fields: { name: `nouveau ${names}`, joining: 'closed' } };
    }),
    step('changed', { path: '/:id', notice: 'saved' }, async ({ name }) => ({
      form: '#group-form',
      fields: { name, joining: 'open', seats: '7' },
    })),
    step('people added', { path: '/:id/add', notice: 'added' }, async () => ({
      form: '#people-form',
      fields: { people: (await member()).username },
    })),
    step('somebody taken out', { path: '/:id/remove', notice: 'removed' }, async ({ id }) => {
      const { subject } = await buildMember(hub.database, communityId, { groupIds: [id] });
      return { form: '#members form[action$="/remove"]', fields: { subject } };
    }),
    step('a request answered', { path: '/:id/answer', notice: 'admitted' }, async ({ id }) => {
      const { subject } = await member();
      await save({ id, joining: 'request' });
      await hub.database.transaction((tx) =>
        enterGroup(tx, { id: communityId, issuerUrl: issuer }, { groupId: id, subject }),
      );
      return { form: '#requests form', button: `#admit-${subject}` };
    }),
    step('entrusted', { path: '/:id/managers', notice: 'manager-added' }, async () => ({
      form: '#manager-form',
      fields: { manager: (await member()).username },
    })),
    step('put inside', { path: '/:id/inside', notice: 'nested' }, async () => ({
      form: '#child-form',
      fields: { child: (await buildGroup(hub.database, communityId)).id },
    })),
    step('deleted', { path: '/:id/delete', notice: 'deleted' }, async () => ({
      form: '#delete-form',
    })),
  ];
}
