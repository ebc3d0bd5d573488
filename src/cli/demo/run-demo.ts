import { type ChildProcess, fork } from 'node:child_process';
import { cp, readFile, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { loadSealingKeys } from '../../domain/sealed-values/admit-keys.ts';
import { followHubAddress } from '../../domain/services/follow-hub-address.ts';
import { createLogger, start } from '../../main.ts';
import { parseConfig } from '../../platform/config/config.ts';
import { readEnv } from '../../platform/config/env.ts';
import { createSealer } from '../../platform/secrets/sealer.ts';
import { applyFile } from '../../transfer/apply/apply-file.ts';
import { APP_PORTS, type DemoOptions, demoEnv, requireFreePorts } from './demo-ports.ts';
import { demoSummary } from './demo-summary.ts';
import type { DemoApp, NetworkFile } from './network-file.ts';

const NETWORK = fileURLToPath(new URL('../../../examples/tiers-lieux.yaml', import.meta.url));
const APP = fileURLToPath(new URL('./example-app.ts', import.meta.url));
const ACCENTS = ['#7a3e9d', '#b3541e'];

/**
 * Starts a hub with the example network and two small apps that sign in through it, and says how to
 * try them. The database lives in the data folder's `demo`; it may be deleted at any time.
 */
export async function runDemo(options: DemoOptions): Promise<{ stop(): Promise<void> }> {
  const began = performance.now();
  const env = demoEnv(readEnv(process.env), options);
  const appPorts = options.appPorts ?? APP_PORTS;
  const config = parseConfig({
    ...env,
    TROUSSEAU_DATA: `${env.TROUSSEAU_DATA ?? './data'}/demo`,
    LOG_LEVEL: env.LOG_LEVEL ?? 'warn',
  });
  await requireFreePorts([
    { option: '--port', address: config.listen },
    { option: '--ldap-port', address: config.ldap.listen },
    { option: 'TROUSSEAU_LDAPS_LISTEN', address: config.ldap.ldapsListen },
    ...appPorts.map((port) => ({ option: '--app-ports', address: { host: '127.0.0.1', port } })),
  ]);
  console.log('Starting the hub with a database of its own…');
  const hub = await start(config, createLogger(config), { announceSetup: false });
  const apps: ChildProcess[] = [];
  const stop = async () => {
    for (const app of apps) if (app.connected) app.disconnect();
    await hub.stop();
  };
  try {
    console.log('Setting up the example network…');
    const path = await networkFile(config.dataFolder, appPorts);
    const network = parse(await readFile(path, 'utf8')) as NetworkFile;
    await applyFile(hub.database, createSealer(await loadSealingKeys(config, hub.database)), {
      path,
      hubUrl: config.url.origin,
      env: process.env,
    });
    // The apps below are told where the hub is now, on other ports than the last time perhaps.
    await hub.database.transaction((tx) => followHubAddress(tx, config.url.origin));
    console.log('Starting two example apps…');
    const started = findApps(network, config.url.origin, appPorts);
    for (const app of started) apps.push(await startApp(app.env));
    const places = { hubUrl: config.url.origin, ldap: config.ldap.listen };
    console.log(demoSummary(places, network, started, performance.now() - began));
    return { stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The example network; where its apps have other ports, a copy of it that says so. */
async function networkFile(dataFolder: string, appPorts: readonly number[]): Promise<string> {
  if (appPorts.every((port, index) => port === APP_PORTS[index])) return NETWORK;
  const copy = join(dataFolder, basename(NETWORK));
  const text = (await readFile(NETWORK, 'utf8')).replaceAll(
    /http:\/\/localhost:(\d+)/g,
    (address, port) => {
      const index = APP_PORTS.indexOf(Number(port));
      return index < 0 ? address : `http://localhost:${appPorts[index]}`;
    },
  );
  await cp(join(dirname(NETWORK), 'logos'), join(dataFolder, 'logos'), { recursive: true });
  await writeFile(copy, text);
  return copy;
}

/** The services of the network whose apps are ours to run, by the port of their redirect address. */
function findApps(network: NetworkFile, hubUrl: string, appPorts: readonly number[]): DemoApp[] {
  return network.communities.flatMap((community) =>
    (community.services ?? []).flatMap((service) => {
      const { client } = service;
      const redirect = URL.parse(client?.redirectUris[0] ?? '');
      const port = Number(redirect?.port);
      const place = appPorts.indexOf(port);
      if (client === undefined || redirect?.hostname !== 'localhost' || place < 0) return [];
      return [
        {
          name: service.name,
          url: `http://localhost:${port}/`,
          community: community.name,
          env: {
            APP_NAME: service.name,
            APP_PORT: String(port),
            APP_ISSUER: `${hubUrl}/c/${community.slug}`,
            APP_CLIENT_ID: client.id,
            APP_CLIENT_SECRET: client.secret,
            APP_SCOPE: (client.scopes ?? ['openid', 'profile', 'email']).join(' '),
            APP_ACCENT: ACCENTS[place] as string,
          },
        },
      ];
    }),
  );
}

/** Waits until the app listens; it ends when we disconnect, or die. */
function startApp(env: Record<string, string>): Promise<ChildProcess> {
  const child = fork(APP, {
    env: { ...process.env, ...env },
    execPath: process.execPath,
    detached: true,
  });
  return new Promise((resolve, reject) => {
    child.once('message', () => resolve(child));
    child.once('exit', (code) =>
      reject(
        new Error(
          `the example app ${env.APP_NAME} ended with ${code}; is port ${env.APP_PORT} free?`,
        ),
      ),
    );
  });
}
