import { createInvitation } from '../../src/domain/invitations/create-invitation.ts';
import {
  approveRecovery,
  recoveryOf,
  requestRecovery,
} from '../../src/domain/recovery/assisted-recovery.ts';
import { requestAccess } from '../../src/domain/services/request-access.ts';
import { visit } from '../support/account-visits.ts';
import type { Page } from '../support/browser.ts';
import {
  type BuiltMember,
  buildCommunity,
  buildMember,
  buildService,
} from '../support/factories.ts';
import { claim } from '../support/host-proofs.ts';
import type { TestHub } from '../support/hub.ts';
import type { Ready, StepTried } from './step.ts';

/** What admins do on the community's pages. */
export async function adminSteps(hub: TestHub): Promise<StepTried[]> {
  const community = await buildCommunity(hub.database);
  const onRequest = await buildService(hub, community, { access: 'approval' });
  const { id: communityId } = community;
  const issuer = `${hub.url}/c/${community.slug}`;
  const where = { communityId, issuerUrl: issuer };
  const other = await buildMember(hub.database, communityId, { role: 'owner' });
  await hub.app.settle();

  type Wanted = { form: string; fields?: Record<string, string>; button?: string };
  /** An admin who is signed in, on a page that shows what they are to do. */
  const onPage = async (
    path: string,
    given: (admin: BuiltMember) => Promise<Wanted>,
  ): Promise<Ready> => {
    const member = await buildMember(hub.database, communityId, { role: 'owner' });
    const wanted = await given(member);
    const { browser } = await visit(hub, community, { member });
    await hub.app.settle();
    return { browser, page: await browser.open(issuer + path), ...wanted };
  };
  const leadsTo =
    (path: string) =>
    ({ url, status }: Page) =>
      url === `${issuer}/admin/${path}` && status === 200;

  const recovery = async (by: BuiltMember, approvedBy?: BuiltMember) => {
    const { subject, username } = await buildMember(hub.database, communityId);
    return hub.database.transaction(async (tx) => {
      await requestRecovery(tx, where, { subject, by: by.subject, delayHours: 0 });
      const { id } = (await recoveryOf(tx, communityId, subject)) as { id: string };
      if (approvedBy !== undefined)
        await approveRecovery(tx, communityId, { id, by: approvedBy.subject, delayHours: 0 });
      return { id, username };
    });
  };
  let addresses = 0;
  const decisions = (['admit', 'refuse'] as const).flatMap((decision): StepTried[] => [
    {
      name: `a request to join: ${decision}`,
      routes: ['POST /admin/requests'],
      inTabs: true,
      prepare: () =>
        onPage('/admin/requests', async () => {
          const asker = { status: 'requested' as const };
          const { subject } = await buildMember(hub.database, communityId, asker);
          const admits = decision === 'admit';
          return { form: admits ? `#request-${subject} > form` : `#refuse-form-${subject}` };
        }),
      isThere: leadsTo(`requests?notice=${decision === 'admit' ? 'admitted' : 'refused'}`),
    },
    {
      name: `a request for a service: ${decision}`,
      routes: ['POST /admin/requests/access'],
      inTabs: true,
      prepare: () =>
        onPage('/admin/requests', async () => {
          const { subject } = await buildMember(hub.database, communityId);
          await hub.database.transaction((tx) =>
            requestAccess(tx, { id: communityId, issuerUrl: issuer }, onRequest.id, subject),
          );
          const name = decision === 'admit' ? 'let-in' : 'keep-out';
          return {
            form: `#access-${onRequest.id}-${subject} form`,
            button: `#${name}-${onRequest.id}-${subject}`,
          };
        }),
      isThere: leadsTo(`requests?notice=${decision === 'admit' ? 'let-in' : 'kept-out'}`),
    },
  ]);

  return [
    ...decisions,
    {
      name: 'an invitation',
      routes: ['POST /admin/invitations'],
      prepare: () =>
        onPage('/admin/invitations', async () => ({
          form: '#invitation-form',
          fields: { label: 'Affiche', uses: 'one', days: '7', role: 'member' },
        })),
      isThere: ({ url, status }) => url.endsWith('?notice=created') && status === 200,
      same: ({ url }) => url,
    },
    {
      name: 'invitations by mail',
      routes: ['POST /admin/invitations'],
      prepare: () =>
        onPage('/admin/invitations', async () => {
          addresses += 2;
          const emails = [1, 2].map((n) => `invite${addresses + n}@exemple.fr`).join('\n');
          const fields = { label: 'Amis', emails, uses: 'one', days: '7', role: 'member' };
          return { form: '#invitation-form', fields };
        }),
      isThere: leadsTo('invitations?notice=sent'),
    },
    {
      name: 'an invitation that is revoked',
      routes: ['POST /admin/invitations/:id'],
      inTabs: true,
      prepare: async () => {
        const made = await hub.database.transaction((tx) =>
          createInvitation(
            tx,
            hub.sealer,
            communityId,
            { label: 'Affiche', role: 'member', groupIds: [], days: 7, maxUses: 1 },
            'cli',
          ),
        );
        return onPage(`/admin/invitations/${made.id}`, async () => ({ form: '#revoke-form' }));
      },
      isThere: leadsTo('invitations?notice=revoked'),
    },
    {
      name: 'a host that is claimed',
      routes: ['POST /admin/settings/address'],
      inTabs: true,
      prepare: () =>
        onPage('/admin/settings/address', async () => {
          addresses += 1;
          const fields = { host: `h${addresses}.lieu.example` };
          return { form: '#address-form', fields };
        }),
      isThere: leadsTo('settings/address?notice=claimed'),
    },
    {
      name: 'a host that is removed',
      routes: ['POST /admin/settings/address/remove'],
      inTabs: true,
      prepare: () =>
        onPage('/admin/settings/address', async () => {
          addresses += 1;
          const host = `h${addresses}.lieu.example`;
          await claim(hub.database, communityId, host, undefined, hub.url);
          return { form: `[id="remove-${host}"]` };
        }),
      isThere: leadsTo('settings/address?notice=removed'),
    },
    {
      name: 'a recovery that is asked for',
      routes: ['POST /admin/recoveries'],
      inTabs: true,
      prepare: () =>
        onPage('/admin/recoveries', async () => {
          const { username } = await buildMember(hub.database, communityId);
          return { form: '#recovery-form', fields: { username } };
        }),
      isThere: leadsTo('recoveries?notice=requested'),
    },
    {
      name: 'a recovery that is approved',
      routes: ['POST /admin/recoveries/:id/approve'],
      inTabs: true,
      prepare: () =>
        onPage('/admin/recoveries', async () => {
          const { id } = await recovery(other);
          return { form: `form[action$="${id}/approve"]` };
        }),
      isThere: leadsTo('recoveries?notice=approved'),
    },
    {
      name: 'a recovery that is refused',
      routes: ['POST /admin/recoveries/:id/refuse'],
      inTabs: true,
      prepare: () =>
        onPage('/admin/recoveries', async () => {
          const { id } = await recovery(other);
          return { form: `form[action$="${id}/refuse"]` };
        }),
      isThere: leadsTo('recoveries?notice=refused'),
    },
    {
      name: 'the link of a recovery',
      routes: ['POST /admin/recoveries/:id/link'],
      inTabs: true,
      prepare: () =>
        onPage('/admin/recoveries', async (admin) => {
          const { id } = await recovery(admin, other);
          return { form: `form[action$="${id}/link"]` };
        }),
      isThere: ({ document }) => document.querySelector('#recovery-link code') !== null,
      same: ({ document }) => document.querySelector('#recovery-link code')?.text ?? '',
    },
  ];
}
