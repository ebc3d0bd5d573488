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
  member(values?: Record<string, unknown>): Promise<BuiltMember>;
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
  const register = async (slug: string, name: string, values: Record<string, unknown>) => {
    const port = await freePort();
    const app = exampleAppClient(port);
    const service = await buildService(
      hub,
      community,
      { slug, name, url: `${app.home}login`, description: `${name} du lieu`, ...values },
      app.columns,
    );
    const { id, clientId, clientSecret } = service;
    return { app, id, settings: { name, port, issuer, clientId, clientSecret } };
  };
  try {
    const agenda = await register('agenda', 'Agenda', { trust: 'third-party' });
    const compta = await register('compta', 'Compta', { access: 'groups' });
    const bureau = await buildGroup(hub.database, community.id, 'bureau');
    await hub.database.query(
      'INSERT INTO service_access_groups (community_id, service_id, group_id) VALUES ($1, $2, $3)',
      [community.id, compta.id, bureau.id],
    );
    await buildMember(hub.database, community.id, {
      username: 'noemie',
      display_name: 'Noémie Propriétaire',
      role: 'owner',
    });
    for (const { settings } of [agenda, compta]) {
      stops.push((await startExampleApp(settings)).stop);
    }
    const member = (values: Record<string, unknown> = {}) =>
      buildMember(hub.database, community.id, values);
    return { hub, community, issuer, app: agenda.app, closedApp: compta.app, member, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
