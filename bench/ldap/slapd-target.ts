import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { hashPassword } from '../../src/domain/people/password.ts';
import { freePort } from '../../test/support/free-port.ts';
import type { LdapTarget } from './ldap-target.ts';
import {
  BASE,
  groupDn,
  makePopulation,
  PERSON_SECRET,
  type Population,
  personDn,
  READER,
  READER_SECRET,
} from './population.ts';

const run = promisify(execFile);

/**
 * Debian's slapd, with what Debian's package configures and, beyond that: indexes for what is asked, the
 * memberof overlay, the argon2 module, and no size limit for the reader.
 */
export async function makeSlapdTarget(people: number): Promise<LdapTarget> {
  const folder = await mkdtemp(join(tmpdir(), 'trousseau-bench-slapd-'));
  const port = await freePort();
  await mkdir(join(folder, 'data'));
  await writeFile(join(folder, 'slapd.conf'), configuration(folder));
  await writeLdif(join(folder, 'people.ldif'), makePopulation(people));
  const started = performance.now();
  await run(
    '/usr/sbin/slapadd',
    ['-q', '-f', join(folder, 'slapd.conf'), '-l', join(folder, 'people.ldif')],
    {
      maxBuffer: 2 ** 24,
    },
  );
  console.error(`slapadd took ${((performance.now() - started) / 1000).toFixed(1)} s`);
  return {
    name: 'slapd',
    port,
    async start() {
      const child = spawn(
        '/usr/sbin/slapd',
        ['-h', `ldap://127.0.0.1:${port}`, '-f', join(folder, 'slapd.conf'), '-d', '0'],
        { stdio: ['ignore', 'ignore', 'inherit'] },
      );
      await reachable(port, child);
      return {
        pid: child.pid as number,
        async stop() {
          const ended = once(child, 'exit');
          child.kill('SIGTERM');
          await ended;
        },
      };
    },
    databaseTime: async () => 0,
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

function configuration(folder: string): string {
  return `
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/nis.schema
include /etc/ldap/schema/inetorgperson.schema
pidfile ${folder}/slapd.pid
argsfile ${folder}/slapd.args
loglevel none
tool-threads 1
sizelimit 500
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload memberof
moduleload argon2

database mdb
suffix "${BASE}"
rootdn "cn=admin,${BASE}"
maxsize 1073741824
checkpoint 512 30
lastmod on
directory ${folder}/data
index objectClass eq
index cn,uid eq
index uidNumber,gidNumber eq
index member,memberUid eq
index mail,memberOf,entryUUID eq
limits dn.exact="${READER}" size=unlimited
access to attrs=userPassword
  by self write
  by anonymous auth
  by * none
access to attrs=shadowLastChange
  by self write
  by * read
access to *
  by * read
overlay memberof
`;
}

async function writeLdif(path: string, { people, groups }: Population): Promise<void> {
  const file = createWriteStream(path);
  const password = `{ARGON2}${await hashPassword(PERSON_SECRET)}`;
  const write = async (dn: string, values: [string, string][]) => {
    const lines = [['dn', dn], ...values].map(([name, value]) =>
      line(name as string, value as string),
    );
    if (!file.write(`${lines.join('\n')}\n\n`)) await once(file, 'drain');
  };
  await write(BASE, [
    ['objectClass', 'organization'],
    ['o', 'bench'],
  ]);
  for (const ou of ['people', 'groups', 'services'])
    await write(`ou=${ou},${BASE}`, [
      ['objectClass', 'organizationalUnit'],
      ['ou', ou],
    ]);
  await write(READER, [
    // As our readers are; the one that may keep a password in Debian's schema.
    ['objectClass', 'applicationProcess'],
    ['objectClass', 'simpleSecurityObject'],
    ['cn', 'cloud'],
    ['userPassword', saltedSha(READER_SECRET)],
  ]);
  for (const person of people) {
    await write(personDn(person), [
      ['objectClass', 'top'],
      ['objectClass', 'person'],
      ['objectClass', 'organizationalPerson'],
      ['objectClass', 'inetOrgPerson'],
      ['uid', person.uid],
      ['cn', `${person.givenName} ${person.sn}`],
      ['sn', person.sn],
      ['givenName', person.givenName],
      ['displayName', `${person.givenName} ${person.sn}`],
      ['mail', person.mail],
      ['entryUUID', person.uuid],
      ['userPassword', password],
      // The overlay looks after it from here on; it does not work while slapadd does.
      ...person.groups.map((index): [string, string] => [
        'memberOf',
        groupDn(groups[index] as never),
      ]),
    ]);
  }
  for (const group of groups) {
    await write(groupDn(group), [
      ['objectClass', 'top'],
      ['objectClass', 'groupOfNames'],
      ['cn', group.name],
      ['entryUUID', group.uuid],
      ...group.members.map((index): [string, string] => [
        'member',
        personDn(people[index] as never),
      ]),
    ]);
  }
  file.end();
  await once(file, 'finish');
}

function line(name: string, value: string): string {
  return /^[\x21-\x39\x3b\x3d-\x7e][\x20-\x7e]*$/.test(value)
    ? `${name}: ${value}`
    : `${name}:: ${Buffer.from(value).toString('base64')}`;
}

/** As Debian's slapd hashes a password that it is given. */
function saltedSha(secret: string): string {
  const salt = randomBytes(8);
  const digest = createHash('sha1').update(secret).update(salt).digest();
  return `{SSHA}${Buffer.concat([digest, salt]).toString('base64')}`;
}

async function reachable(port: number, child: ChildProcess): Promise<void> {
  for (let tries = 0; tries < 600; tries += 1) {
    if (child.exitCode !== null) throw new Error(`slapd ended with ${child.exitCode}`);
    const socket = connect(port, '127.0.0.1');
    const accepted = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (accepted) return;
    await sleep(50);
  }
  throw new Error('slapd does not listen');
}
