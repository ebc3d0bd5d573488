import { createServer } from 'node:net';
import type { Env } from '../../platform/config/env.ts';
import { ListenError, listenAt } from '../../platform/net/listen.ts';
import { CommandError } from '../command-error.ts';

export type DemoOptions = { port?: number; ldapPort?: number; appPorts?: [number, number] };

/** The ports of the example network's apps, as its file has them. */
export const APP_PORTS: readonly [number, number] = [8091, 8092];

/** The environment of the demo's hub: a database of its own, what the options say, an address that people can open. */
export function demoEnv(given: Env, { port, ldapPort }: DemoOptions): Env {
  const { DATABASE_URL: _, DATABASE_LISTEN_URL: __, ...env } = given;
  const listen = port === undefined ? env.TROUSSEAU_LISTEN : `127.0.0.1:${port}`;
  const own = /:(\d+)$/.exec(listen ?? '')?.[1];
  const url = port === undefined ? env.TROUSSEAU_URL : undefined;
  return {
    ...env,
    ...(listen !== undefined && { TROUSSEAU_LISTEN: listen }),
    ...(own !== undefined && { TROUSSEAU_URL: url ?? `http://localhost:${own}` }),
    ...(ldapPort !== undefined && { TROUSSEAU_LDAP_LISTEN: `127.0.0.1:${ldapPort}` }),
  };
}

type Place = { option: string; address: { host: string; port: number } | undefined };

/**
 * Looks whether every port is free before anything is started.
 * @throws CommandError that names each one that is not, and the option that moves it
 */
export async function requireFreePorts(places: readonly Place[]): Promise<void> {
  const taken: string[] = [];
  // At once: two of ours on one port are found out, too.
  const servers = places.map(() => createServer());
  await Promise.all(
    places.map(async ({ option, address }, index) => {
      if (address === undefined) return;
      try {
        await listenAt(servers[index] as (typeof servers)[0], address, option);
      } catch (error) {
        if (!(error instanceof ListenError)) throw error;
        taken.push(error.message);
      }
    }),
  );
  for (const server of servers) if (server.listening) server.close();
  if (taken.length > 0) throw new CommandError(taken.join('; '));
}

/** `8093,8094` */
export function parseAppPorts(value: string): [number, number] {
  const [first, second, ...rest] = value.split(',').map(parsePort);
  if (first === undefined || second === undefined || rest.length > 0) {
    throw new CommandError('--app-ports takes two ports, such as 8093,8094');
  }
  return [first, second];
}

export function parsePort(value: string): number {
  const port = Number(value);
  if (!/^\d{1,5}$/.test(value) || port < 1 || port > 65_535) {
    throw new CommandError(`"${value}" is not a port: give a number from 1 to 65535`);
  }
  return port;
}
