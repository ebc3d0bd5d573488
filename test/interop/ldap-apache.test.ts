import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createAppPassword } from '../../src/domain/app-passwords/app-password.ts';
import { setMemberStatus } from '../../src/domain/memberships/set-member-status.ts';
import { buildLieu, type Lieu, READER_PASSWORD } from '../ldap/support/directory.ts';
import { buildMember, PASSWORD } from '../support/factories.ts';
import { freePort } from '../support/free-port.ts';
import { startHub, type TestHub } from '../support/hub.ts';
import { nestGroup } from '../support/nest-group.ts';
import { type Program, startProgram } from './support/programs.ts';
import { makeWorkFolder, type WorkFolder } from './support/work-folder.ts';

/** Debian's Apache with mod_authnz_ldap: a reader looks people up, and each proves their own password. */
let folder: WorkFolder;
let hub: TestHub;
let lieu: Lieu;
let apache: Program;
let origin: string;

beforeAll(async () => {
  folder = await makeWorkFolder('apache-ldap');
  const ldapPort = await freePort();
  hub = await startHub({ TROUSSEAU_LDAP_LISTEN: `127.0.0.1:${ldapPort}` });
  lieu = await buildLieu(hub, { slug: 'lamyne' });
  const bureau = await lieu.group('bureau', [lieu.alice]);
  const association = await lieu.group('association', []);
  const nesting = { parentId: association.id, childId: bureau.id };
  await hub.database.transaction((tx) => nestGroup(tx, lieu.community.id, nesting, 'cli'));
  await hub.app.settle();
  const port = await freePort();
  await mkdir(join(folder.path, 'site'));
  await writeFile(join(folder.path, 'site/index.shtml'), '<!--#echo var="REMOTE_USER" -->');
  await writeFile(join(folder.path, 'httpd.conf'), configuration(folder.path, port, ldapPort));
  apache = await startProgram(
    '/usr/sbin/apache2',
    ['-d', folder.path, '-f', join(folder.path, 'httpd.conf'), '-D', 'FOREGROUND'],
    { port, cwd: folder.path },
  );
  origin = `http://127.0.0.1:${port}`;
});
afterAll(async () => {
  await apache?.stop();
  await hub?.stop();
  await folder?.remove();
});

function configuration(root: string, port: number, ldapPort: number): string {
  const modules = ['mpm_event', 'authn_core', 'authz_core', 'authz_user', 'auth_basic', 'ldap'];
  const more = ['authnz_ldap', 'dir', 'mime', 'include', 'alias'];
  const people = `ldap://127.0.0.1:${ldapPort}/ou=people,${lieu.base}?uid?sub?(objectClass=inetOrgPerson)`;
  return `
ServerRoot "${root}"
ServerName 127.0.0.1
Listen 127.0.0.1:${port}
PidFile "${root}/apache.pid"
DefaultRuntimeDir "${root}"
${[...modules, ...more].map((name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`).join('\n')}
User www-data
Group www-data
StartServers 1
ErrorLog "${root}/error.log"
DocumentRoot "${root}/site"
Alias /bureau "${root}/site"
Alias /through "${root}/site"
TypesConfig /dev/null
AddType text/html .shtml
AddOutputFilter INCLUDES .shtml
DirectoryIndex index.shtml
# Nothing is remembered: what is taken away is gone at the next request.
LDAPCacheEntries 0
LDAPOpCacheEntries 0
LDAPSharedCacheSize 0
<Directory "${root}/site">
  Options +Includes
</Directory>
<Location "/">
  AuthType Basic
  AuthName "Atelier"
  AuthBasicProvider ldap
  AuthLDAPURL "${people}"
  AuthLDAPBindDN "${lieu.cloud.readerDn}"
  AuthLDAPBindPassword "${READER_PASSWORD}"
  Require valid-user
</Location>
<Location "/bureau">
  Require ldap-group cn=bureau,ou=groups,${lieu.base}
</Location>
<Location "/through">
  Require ldap-filter memberOf=cn=association,ou=groups,${lieu.base}
</Location>
`;
}

async function ask(path: string, user: string, password: string) {
  const authorization = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  const response = await fetch(origin + path, { headers: { authorization } });
  return { status: response.status, text: (await response.text()).trim() };
}

it('lets a member in by their own password, under the name of the directory', async () => {
  expect(await ask('/', 'ALICE', PASSWORD)).toMatchObject({ status: 200, text: 'ALICE' });
  expect((await ask('/', 'alice', 'wrong')).status).toBe(401);
  expect((await ask('/', 'nobody', PASSWORD)).status).toBe(401);
  expect((await ask('/', 'alice', '')).status).toBe(401);
  expect((await ask('/', '*', PASSWORD)).status).toBe(401);
});

it('lets a member in by an app password', async () => {
  const place = { subject: lieu.bob.subject, serviceId: lieu.cloud.id, name: 'WebDAV' };
  const { secret } = await hub.database.transaction((tx) =>
    createAppPassword(tx, lieu.community.id, place, 'cli'),
  );
  await hub.app.settle();
  expect((await ask('/', 'bob', secret)).status).toBe(200);
});

it('compares a group’s members (rows 9 and 28)', async () => {
  expect((await ask('/bureau/', 'alice', PASSWORD)).status).toBe(200);
  expect((await ask('/bureau/', 'bob', PASSWORD)).status).toBe(401);
});

it('lets in by a filter whoever is in a group through another', async () => {
  expect((await ask('/through/', 'alice', PASSWORD)).status).toBe(200);
  expect((await ask('/through/', 'bob', PASSWORD)).status).toBe(401);
});

it('keeps a suspended member out within a second', async () => {
  const chloe = await buildMember(hub.database, lieu.community.id, { username: 'chloe' });
  await hub.app.settle();
  expect((await ask('/', 'chloe', PASSWORD)).status).toBe(200);
  await hub.database.transaction((tx) =>
    setMemberStatus(tx, lieu.community.id, chloe.subject, 'suspend', 'cli'),
  );
  const deadline = performance.now() + 1_000;
  while ((await ask('/', 'chloe', PASSWORD)).status !== 401) {
    expect(performance.now()).toBeLessThan(deadline);
  }
});

it('goes on after its connections were closed for being idle, or by a restart of the hub', async () => {
  expect((await ask('/', 'alice', PASSWORD)).status).toBe(200);
  const { listen } = hub.config.ldap;
  await hub.app.stop();
  const twin = await import('../../src/app.ts');
  const { createLogger } = await import('../../src/main.ts');
  const { config, database } = hub;
  const app = await twin.buildApp({
    config,
    secrets: config.secrets,
    database,
    log: createLogger(config),
  });
  expect(app.ldap?.address?.port).toBe(listen?.port);
  try {
    expect((await ask('/', 'alice', PASSWORD)).status).toBe(200);
  } finally {
    await app.stop();
  }
});
