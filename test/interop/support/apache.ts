import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Program, startProgram } from './programs.ts';
import { makeWorkFolder } from './work-folder.ts';

const APACHE = '/usr/sbin/apache2';
const MODULES = '/usr/lib/apache2/modules';

export type Apache = Program & { accessLog(): string };

/** What mod_auth_openidc is registered with at the hub, for a server on a port of 127.0.0.1. */
export function apacheClient(port: number) {
  const origin = `http://127.0.0.1:${port}`;
  const redirectUri = `${origin}/protected/redirect_uri`;
  return {
    protectedUrl: `${origin}/protected/`,
    loggedOutUrl: `${origin}/goodbye.html`,
    /** Visited by a member who wants to sign out of this app. */
    logoutUrl: `${redirectUri}?logout=${encodeURIComponent(`${origin}/goodbye.html`)}`,
    client: {
      redirectUris: [redirectUri],
      postLogoutRedirectUris: [`${origin}/goodbye.html`],
      backchannelLogoutUri: `${redirectUri}?logout=backchannel`,
      scopes: ['openid', 'profile', 'email', 'groups'],
      secret: 'se+cret%of:apache 100%25',
    },
  };
}

/** Debian's Apache with mod_auth_openidc, from a configuration and a folder of its own. */
export async function startApache(options: {
  port: number;
  issuer: string;
  clientId: string;
  clientSecret: string;
  certificateFile: string;
}): Promise<Apache> {
  const folder = await makeWorkFolder('apache');
  const root = folder.path;
  await mkdir(join(root, 'site/protected'), { recursive: true });
  await writeFile(join(root, 'site/goodbye.html'), '<h1 id="goodbye">Signed out of Apache</h1>');
  await writeFile(join(root, 'site/protected/index.shtml'), PROTECTED_PAGE);
  await writeFile(join(root, 'httpd.conf'), configuration(root, options));
  const log = (name: string) => readFileSync(join(root, name), 'utf8');
  try {
    const program = await startProgram(
      APACHE,
      ['-d', root, '-f', join(root, 'httpd.conf'), '-D', 'FOREGROUND'],
      { port: options.port, cwd: root, log: () => log('error.log') },
    );
    return {
      ...program,
      accessLog: () => log('access.log'),
      stop: () => program.stop().finally(folder.remove),
    };
  } catch (error) {
    await folder.remove();
    throw error;
  }
}

const CLAIMS = ['sub', 'preferred_username', 'name', 'email', 'email_verified', 'groups'];
const PROTECTED_PAGE = `<!doctype html><meta charset="utf-8"><title>Protected by Apache</title>
<p id="remote-user"><!--#echo encoding="entity" var="REMOTE_USER" --></p>
${CLAIMS.map((claim) => `<p id="${claim}"><!--#echo encoding="none" var="OIDC_CLAIM_${claim}" --></p>`).join('\n')}
`;

function configuration(
  root: string,
  options: { port: number; issuer: string; clientId: string; clientSecret: string } & {
    certificateFile: string;
  },
): string {
  const modules = ['mpm_event', 'authn_core', 'authz_core', 'authz_user', 'auth_openidc'];
  const pages = ['dir', 'mime', 'include'];
  return `
ServerRoot "${root}"
ServerName 127.0.0.1
Listen 127.0.0.1:${options.port}
PidFile "${root}/apache.pid"
DefaultRuntimeDir "${root}"
${[...modules, ...pages].map((name) => `LoadModule ${name}_module ${MODULES}/mod_${name}.so`).join('\n')}
User www-data
Group www-data
StartServers 1
ErrorLog "${root}/error.log"
LogLevel warn auth_openidc:info
CustomLog "${root}/access.log" "%m %U%q %>s"
DocumentRoot "${root}/site"
TypesConfig /dev/null
AddType text/html .html .shtml
AddOutputFilter INCLUDES .shtml
AddDefaultCharset utf-8
DirectoryIndex index.shtml index.html
<Directory "${root}/site">
  Options +Includes
  Require all granted
</Directory>
OIDCProviderMetadataURL ${options.issuer}/.well-known/openid-configuration
OIDCClientID ${options.clientId}
OIDCClientSecret "${options.clientSecret}"
OIDCCABundlePath ${options.certificateFile}
OIDCRedirectURI /protected/redirect_uri
OIDCCryptoPassphrase only-for-this-run
OIDCScope "openid profile email groups"
OIDCPKCEMethod S256
OIDCRemoteUserClaim preferred_username
OIDCPassClaimsAs environment
OIDCCacheType shm
OIDCSessionType server-cache
<Location "/protected/">
  AuthType openid-connect
  Require valid-user
</Location>
`;
}
