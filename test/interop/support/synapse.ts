import { writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { type Program, runProgram, startProgram } from './programs.ts';
import { makeWorkFolder } from './work-folder.ts';

/** The python of a virtual environment that holds matrix-synapse (docs/interop.md). */
export const PYTHON =
  process.env.TROUSSEAU_INTEROP_SYNAPSE_PYTHON ??
  join(homedir(), '.cache/trousseau-interop/synapse/bin/python');

export const SERVER_NAME = 'lieu.example';

/** What Synapse is registered with at the hub, for a server on a port of 127.0.0.1. */
export function synapseClient(port: number) {
  const origin = `http://127.0.0.1:${port}`;
  return {
    origin,
    client: {
      redirectUris: [`${origin}/_synapse/client/oidc/callback`],
      backchannelLogoutUri: `${origin}/_synapse/client/oidc/backchannel_logout`,
      scopes: ['openid', 'profile', 'email'],
      secret: 'se+cret%of:matrix 100%25',
    },
  };
}

/** PyPI's Synapse on the loopback, with a database in a file and the hub as its only way in. */
export async function startSynapse(options: {
  port: number;
  issuer: string;
  clientId: string;
  clientSecret: string;
  certificateFile: string;
}): Promise<Program> {
  const folder = await makeWorkFolder('synapse');
  const file = join(folder.path, 'homeserver.yaml');
  // YAML takes JSON as it is.
  await writeFile(file, JSON.stringify(configuration(folder.path, options), null, 2));
  const main = ['-m', 'synapse.app.homeserver', '--config-path', file];
  // The certificate is all that it trusts, as a server trusts its own authorities.
  const env = { SSL_CERT_FILE: options.certificateFile };
  try {
    await runProgram(PYTHON, [...main, '--generate-keys'], { cwd: folder.path, env });
    const { port } = options;
    const program = await startProgram(PYTHON, main, { port, cwd: folder.path, env });
    return { ...program, stop: () => program.stop().finally(folder.remove) };
  } catch (error) {
    await folder.remove();
    throw error;
  }
}

function configuration(
  folder: string,
  options: { port: number; issuer: string; clientId: string; clientSecret: string },
) {
  return {
    server_name: SERVER_NAME,
    public_baseurl: `http://127.0.0.1:${options.port}/`,
    listeners: [
      {
        port: options.port,
        bind_addresses: ['127.0.0.1'],
        type: 'http',
        resources: [{ names: ['client'] }],
      },
    ],
    database: { name: 'sqlite3', args: { database: join(folder, 'homeserver.db') } },
    signing_key_path: join(folder, 'signing.key'),
    media_store_path: join(folder, 'media'),
    macaroon_secret_key: 'only-for-this-run',
    trusted_key_servers: [],
    report_stats: false,
    enable_registration: false,
    password_config: { enabled: false },
    oidc_providers: [
      {
        idp_id: 'trousseau',
        idp_name: 'Le lieu',
        issuer: options.issuer,
        client_id: options.clientId,
        client_secret: options.clientSecret,
        scopes: ['openid', 'profile', 'email'],
        backchannel_logout_enabled: true,
        user_mapping_provider: {
          config: {
            localpart_template: '{{ user.localpart }}',
            display_name_template: '{{ user.name }}',
            email_template: '{{ user.email }}',
          },
        },
      },
    ],
  };
}
