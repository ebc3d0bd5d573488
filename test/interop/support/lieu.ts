import type { NewMember } from '../../../src/domain/memberships/member-change.ts';
import type { ServiceChange } from '../../../src/domain/services/service-change.ts';
import {
  type BuiltCommunity,
  type BuiltMember,
  buildCommunity,
  buildGroup,
  buildMember,
  buildService,
} from '../../support/factories.ts';
import { freePort } from '../../support/free-port.ts';
import { startHub, type TestHub } from '../../support/hub.ts';
import { exampleAppClient, startExampleApp } from './example-app.ts';

/** A community with one app of a third party, and one service that is for the group `bureau` only. */
export type Lieu = {
  hub: TestHub;
  community: BuiltCommunity;
  issuer: string;
  /** The third party's app: `agenda`. */
  app: ReturnType<typeof exampleAppClient>;
  /** Where the app of the closed service, `compta`, sends its visitors to sign in. */
  closedApp: ReturnType<typeof exampleAppClient>;
  member(values?: Partial<NewMember>): Promise<BuiltMember>;
  stop(): Promise<void>;
};

export async function startLieu(): Promise<Lieu> {
  const hub = await startHub();
  const community = await buildCommunity(hub.database, {
    slug: 'lamyne',
    name: 'La MYNE',
    accent: '#0a7d5a',
  });
  const issuer = `${hub.url}/c/${community.slug}`;
  const stops: (() => Promise<void>)[] = [hub.stop];
  const stop = async () => {
    for (const end of stops.reverse()) await end();
  };
  const register = async (slug: string, name: string, values: Partial<ServiceChange>) => {
    const port = await freePort();
    const app = exampleAppClient(port);
    const service = await buildService(
      hub,
      community,
      { slug, name, url: `${app.home}login`, description: `${name} du lieu`, ...values },
      app.client,
    );
    const { id, clientId, clientSecret } = service;
    return { app, id, settings: { name, port, issuer, clientId, clientSecret } };
  };
  try {
    const agenda = await register('agenda', 'Agenda', { trust: 'third-party' });
    const bureau = await buildGroup(hub.database, community.id, 'bureau');
    const compta = await register('compta', 'Compta', { access: { groups: [bureau.id] } });
    await buildMember(hub.database, community.id, {
      username: 'noemie',
      displayName: 'Noémie Propriétaire',
      role: 'owner',
    });
    for (const { settings } of [agenda, compta]) {
      stops.push((await startExampleApp(settings)).stop);
    }
    const member = (values: Partial<NewMember> = {}) =>
      buildMember(hub.database, community.id, values);
    return { hub, community, issuer, app: agenda.app, closedApp: compta.app, member, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
