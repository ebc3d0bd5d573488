import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { stopChild } from './programs.ts';

const APP = fileURLToPath(new URL('../../../src/cli/demo/example-app.ts', import.meta.url));

/** What the demo's app is registered with at the hub, for a port of its own. */
export function exampleAppClient(port: number) {
  const home = `http://localhost:${port}/`;
  return {
    home,
    client: {
      redirectUris: [`${home}callback`],
      postLogoutRedirectUris: [home],
      backchannelLogoutUri: `${home}backchannel-logout`,
      scopes: ['openid', 'profile', 'email'],
      secret: 'se+cret%of:agenda 100%25',
    },
  };
}

/** The demo's relying party (openid-client), in a process of its own. */
export async function startExampleApp(options: {
  name?: string;
  port: number;
  issuer: string;
  clientId: string;
  clientSecret: string;
  /** Of the hub, where it speaks TLS. */
  certificateFile?: string;
}): Promise<{ stop(): Promise<void> }> {
  const child = fork(APP, {
    env: {
      ...process.env,
      ...(options.certificateFile && { NODE_EXTRA_CA_CERTS: options.certificateFile }),
      APP_NAME: options.name ?? 'Agenda',
      APP_PORT: String(options.port),
      APP_ISSUER: options.issuer,
      APP_CLIENT_ID: options.clientId,
      APP_CLIENT_SECRET: options.clientSecret,
    },
    execArgv: [],
  });
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`the example app ended (${code})`);
  });
  ended.catch(() => undefined);
  await Promise.race([once(child, 'message'), ended]);
  return { stop: () => stopChild(child) };
}
