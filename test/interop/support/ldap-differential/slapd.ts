import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from '../../../support/free-port.ts';
import { runProgram, startProgram } from '../programs.ts';
import { makeWorkFolder } from '../work-folder.ts';
import { BASE, READER, READER_SECRET } from './source.ts';

/** What Debian's schema files do not have, as the RFCs and RFC 2307bis write it. */
const SCHEMA = `
attributetype ( 1.2.840.113556.1.2.102 NAME 'memberOf' EQUALITY distinguishedNameMatch
  SYNTAX 1.3.6.1.4.1.1466.115.121.1.12 )
attributetype ( 1.3.6.1.1.1.1.2 NAME 'gecos' EQUALITY caseIgnoreMatch
  SUBSTR caseIgnoreSubstringsMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
attributetype ( 1.3.6.1.1.1.1.3 NAME 'homeDirectory' EQUALITY caseExactMatch
  SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
attributetype ( 1.3.6.1.1.1.1.4 NAME 'loginShell' EQUALITY caseExactIA5Match
  SYNTAX 1.3.6.1.4.1.1466.115.121.1.26 SINGLE-VALUE )
attributetype ( 1.3.6.1.1.1.1.12 NAME 'memberUid' EQUALITY caseExactMatch
  SUBSTR caseExactSubstringsMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 )
objectclass ( 1.3.6.1.1.1.2.0 NAME 'posixAccount' SUP top AUXILIARY
  MUST ( cn $ uid $ uidNumber $ gidNumber $ homeDirectory ) MAY ( loginShell $ gecos ) )
objectclass ( 1.3.6.1.1.1.2.2 NAME 'posixGroup' SUP top AUXILIARY MUST ( gidNumber ) MAY ( memberUid ) )
`;

export type Slapd = { port: number; stop(): Promise<void> };

/** OpenLDAP's server, with entries of an LDIF text; whoever binds as the reader may read everything. */
export async function startSlapd(ldif: string): Promise<Slapd> {
  const folder = await makeWorkFolder('slapd');
  try {
    const port = await freePort();
    await mkdir(join(folder.path, 'data'));
    await writeFile(join(folder.path, 'local.schema'), SCHEMA);
    await writeFile(join(folder.path, 'slapd.conf'), configuration(folder.path));
    await writeFile(join(folder.path, 'entries.ldif'), ldif);
    const options = { cwd: folder.path };
    // Without the schema's checks: two structural classes on a group, displayName on a service.
    const add = ['-q', '-s', '-f', 'slapd.conf', '-l', 'entries.ldif'];
    await runProgram('/usr/sbin/slapadd', add, options);
    const serve = ['-h', `ldap://127.0.0.1:${port}`, '-f', 'slapd.conf', '-d', '0'];
    const program = await startProgram('/usr/sbin/slapd', serve, { ...options, port });
    return { port, stop: () => program.stop().then(folder.remove) };
  } catch (error) {
    await folder.remove();
    throw error;
  }
}

function configuration(folder: string): string {
  return `
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
include local.schema
pidfile ${folder}/slapd.pid
argsfile ${folder}/slapd.args
modulepath /usr/lib/ldap
moduleload back_mdb
database mdb
suffix "${BASE}"
rootdn "${READER}"
rootpw "${READER_SECRET}"
directory ${folder}/data
index objectClass,uid,mail,memberOf,entryUUID eq
index cn eq,sub
`;
}
