import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { compareWithBare } from './compare-with-bare.ts';
import { PATTERNS, type Pattern } from './ldap/ldap-target.ts';
import { measureLdap } from './ldap/measure-ldap.ts';
import { profileBridge } from './ldap/profile-bridge.ts';
import { ABUSES, type Abuse, measureAbuse } from './measure-abuse.ts';
import { measureApply } from './measure-apply.ts';
import { measureLists } from './measure-lists.ts';
import { measureOracle } from './measure-oracle.ts';
import { measurePages } from './measure-pages.ts';
import { measureRetention } from './measure-retention.ts';
import { measureScale } from './measure-scale.ts';
import { measureSignIns } from './measure-sign-ins.ts';
import { profileHub } from './profile-hub.ts';
import type { Scenario } from './target.ts';

const HELP = `npm run bench -- [options]
  --quick            short rounds: a glance, not a measurement
  --only PART        compare, scale, hashing (or sign-ins), oracle, pages or lists; or ldap, which is not run
                     unless it is named: our bridge against Debian's slapd, which has to be installed;
                     or abuse, unless it is named neither: sockets, growth, uploads, refreshes and passwords, or
                     one of them; or retention, unless it is named neither: what a month leaves in the database;
                     or apply: the memory that a file of many members takes
  --people N,N       with --only ldap or apply: how many people the directories, or files, hold (default 10000,100000)
  --pattern P,P      with --only ldap: ${PATTERNS.join(', ')}
  --rounds N         rounds of the comparison (default 3)
  --profile SCENARIO where the hub's time goes in one scenario (sso, refresh, userinfo, …), or
                     the bridge's, in an LDAP pattern (with --only ldap)
  --json FILE        write every figure to a file`;

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
    people: { type: 'string', default: '10000,100000' },
    pattern: { type: 'string' },
    rounds: { type: 'string', default: '3' },
    profile: { type: 'string' },
    json: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

const seconds = values.quick ? 1 : 4;
const people = values.people.split(',').map(Number);
const results: Record<string, unknown> = {};
if (values.help) {
  console.log(HELP);
} else if (values.profile !== undefined && values.only === 'ldap') {
  await profileBridge(values.profile as Pattern, people[0] as number, values.quick ? 3 : 10);
} else if (values.profile !== undefined) {
  await profileHub(values.profile as Scenario, values.quick ? 3 : 10);
} else {
  const wanted = (part: string) => values.only === undefined || values.only === part;
  if (wanted('compare'))
    results.compare = await compareWithBare({
      rounds: values.quick ? 1 : Number(values.rounds),
      seconds,
    });
  if (wanted('scale')) results.scale = await measureScale({ seconds, quick: values.quick });
  if (wanted('sign-ins') || values.only === 'hashing')
    results.signIns = await measureSignIns({ seconds });
  if (wanted('pages')) results.pages = await measurePages({ times: values.quick ? 50 : 300 });
  if (wanted('lists'))
    results.lists = await measureLists(
      values.quick ? { members: 2_000, times: 20 } : { members: 20_000, times: 100 },
    );
  if (wanted('oracle'))
    results.oracle = await measureOracle({ attempts: values.quick ? 100 : 500 });
  const abuses = ABUSES.filter((part) => values.only === 'abuse' || values.only === part);
  if (abuses.length > 0)
    results.abuse = await measureAbuse({
      parts: abuses as Abuse[],
      seconds: values.quick ? 2 : 10,
    });
  if (values.only === 'apply') results.apply = await measureApply({ people });
  if (values.only === 'retention')
    results.retention = await measureRetention(
      values.quick ? { people: 10, times: 3 } : { people: 100, times: 10 },
    );
  if (values.only === 'ldap')
    results.ldap = await measureLdap({
      people: values.quick ? people.slice(0, 1) : people,
      patterns: values.pattern?.split(',') as Pattern[] | undefined,
      rounds: values.quick ? 1 : Number(values.rounds),
      seconds: values.quick ? 1 : 2,
      quick: values.quick,
    });
  if (values.json !== undefined)
    await writeFile(values.json, `${JSON.stringify(results, null, 2)}\n`);
}
