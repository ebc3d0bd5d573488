import type { ClientChange } from '../../../src/domain/services/service-change.ts';
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
import { type Apache, apacheClient, startApache } from './apache.ts';
import { exampleAppClient, startExampleApp } from './example-app.ts';
import { startSynapse, synapseClient } from './synapse.ts';
import { startTlsFront } from './tls-front.ts';
import { makeWorkFolder } from './work-folder.ts';

/** A community whose members sign in to three programs that are not ours. */
export type Network = {
  hub: TestHub;
  community: BuiltCommunity;
  issuer: string;
  apache: Apache;
  apacheClient: ReturnType<typeof apacheClient>;
  exampleApp: ReturnType<typeof exampleAppClient>;
  synapse: ReturnType<typeof synapseClient>;
  member(displayName?: string, username?: string): Promise<BuiltMember>;
  stop(): Promise<void>;
};

/** A hub behind TLS (which Synapse insists on), and Apache, an openid-client app and Synapse beside it. */
export async function startNetwork(): Promise<Network> {
  const folder = await makeWorkFolder('tls');
  const stops: (() => Promise<void>)[] = [folder.remove];
  const stop = async () => {
    for (const end of stops.reverse()) await end();
  };
  try {
    const [hubPort, frontPort] = [await freePort(), await freePort()];
    const front = await startTlsFront({ port: frontPort, hubPort, folder: folder.path });
    stops.push(front.stop);
    const hub = await startHub({
      TROUSSEAU_URL: front.url,
      TROUSSEAU_LISTEN: `127.0.0.1:${hubPort}`,
      TROUSSEAU_LDAP_LISTEN: 'off',
      TROUSSEAU_TRUSTED_PROXIES: '127.0.0.0/8',
    });
    stops.push(hub.stop);
    const community = await buildCommunity(hub.database, { slug: 'lamyne', name: 'La MYNE' });
    const issuer = `${hub.url}/c/${community.slug}`;
    const parts = { hub, community, issuer, certificateFile: front.certificateFile };
    const apps = await startApps(parts, stops);
    const member = async (displayName = 'Zoé Éluard', username?: string) => {
      const built = await buildMember(hub.database, community.id, {
        displayName: displayName,
        ...(username && { username }),
      });
      await buildGroup(hub.database, community.id, `atelier-${built.username}`, [built.subject]);
      return built;
    };
    return { hub, community, issuer, ...apps, member, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

type Parts = {
  hub: TestHub;
  community: BuiltCommunity;
  issuer: string;
  certificateFile: string;
};

async function startApps(parts: Parts, stops: (() => Promise<void>)[]) {
  const { hub, community, issuer, certificateFile } = parts;
  const register = async (slug: string, port: number, client: ClientChange) => {
    const service = await buildService(hub, community, { slug, name: `Service ${slug}` }, client);
    const { clientId, clientSecret } = service;
    return { port, issuer, certificateFile, clientId, clientSecret };
  };
  const ports = [await freePort(), await freePort(), await freePort()] as const;
  const clients = {
    apacheClient: apacheClient(ports[0]),
    exampleApp: exampleAppClient(ports[1]),
    synapse: synapseClient(ports[2]),
  };
  const settings = [
    await register('cloud', ports[0], clients.apacheClient.client),
    await register('agenda', ports[1], clients.exampleApp.client),
    await register('matrix', ports[2], clients.synapse.client),
  ] as const;
  const started = await Promise.allSettled([
    startApache(settings[0]),
    startExampleApp(settings[1]),
    startSynapse(settings[2]),
  ]);
  for (const app of started) if (app.status === 'fulfilled') stops.push(app.value.stop);
  const failed = started.find((app) => app.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  return { ...clients, apache: (started[0] as PromiseFulfilledResult<Apache>).value };
}
