import { hash, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type BrowserContext, chromium } from 'playwright-core';
import {
  type BuiltMember,
  buildCommunity,
  buildMember,
  giveHosts,
} from '../../support/factories.ts';
import { freePort } from '../../support/free-port.ts';
import { startHub, type TestHub } from '../../support/hub.ts';
import { startTlsFront } from './tls-front.ts';
import { makeWorkFolder } from './work-folder.ts';

/** A community that is at the hub's host and at its own, both with TLS, and a browser that finds them. */
export type TwoAddresses = {
  hub: TestHub;
  /** `https://hub.example/c/lamyne` and `https://login.lamyne.example`. */
  atHub: string;
  atHost: string;
  context: BrowserContext;
  member(): Promise<BuiltMember>;
  stop(): Promise<void>;
};

export async function startTwoAddresses(): Promise<TwoAddresses> {
  const folder = await makeWorkFolder('addresses');
  const stops: (() => Promise<void>)[] = [folder.remove];
  const stop = async () => {
    for (const end of stops.reverse()) await end();
  };
  try {
    const [hubPort, port] = [await freePort(), await freePort()];
    const front = await startTlsFront({ port, hubPort, folder: folder.path });
    stops.push(front.stop);
    const hub = await startHub({
      TROUSSEAU_URL: 'https://hub.example',
      TROUSSEAU_LISTEN: `127.0.0.1:${hubPort}`,
      TROUSSEAU_TRUSTED_PROXIES: '127.0.0.0/8',
    });
    stops.push(hub.stop);
    const community = await buildCommunity(hub.database, { slug: 'lamyne', name: 'La MYNE' });
    await giveHosts(hub, community, ['login.lamyne.example']);
    const context = await launch(join(folder.path, 'profile'), front.certificateFile, port);
    stops.push(() => context.close());
    return {
      hub,
      atHub: 'https://hub.example/c/lamyne',
      atHost: 'https://login.lamyne.example',
      context,
      member: () => buildMember(hub.database, community.id),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Chromium makes no passkeys where it complains of a certificate: this one key it takes as good. */
async function launch(profile: string, certificateFile: string, port: number) {
  const { publicKey } = new X509Certificate(await readFile(certificateFile));
  const key = hash('sha256', publicKey.export({ type: 'spki', format: 'der' }), 'base64');
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.TROUSSEAU_INTEROP_CHROMIUM ?? '/usr/bin/chromium',
    headless: true,
    chromiumSandbox: false,
    locale: 'fr-FR',
    args: [
      `--host-resolver-rules=MAP *.example 127.0.0.1:${port}`,
      `--ignore-certificate-errors-spki-list=${key}`,
    ],
  });
  context.setDefaultTimeout(15_000);
  return context;
}
