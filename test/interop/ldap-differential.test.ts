import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LDAP } from '../ldap/support/directory.ts';
import { connectLdap, type LdapClient } from '../ldap/support/ldap-client.ts';
import { applyText } from '../support/apply-text.ts';
import { useHub } from '../support/use-hub.ts';
import { askFor, difference, type Question } from './support/ldap-differential/answers.ts';
import { explanationOf } from './support/ldap-differential/explained.ts';
import { readFacts } from './support/ldap-differential/facts.ts';
import { type Entry, entriesOf, formatLdif } from './support/ldap-differential/ldif.ts';
import { questions } from './support/ldap-differential/requests.ts';
import { smallest } from './support/ldap-differential/shrink.ts';
import { type Slapd, startSlapd } from './support/ldap-differential/slapd.ts';
import {
  BASE,
  declarativeFile,
  READER,
  READER_SECRET,
} from './support/ldap-differential/source.ts';

const hub = useHub({ env: LDAP });
let slapd: Slapd;
let clients: { bridge: LdapClient; slapd: LdapClient };
let entries: Entry[];

beforeAll(async () => {
  await applyText(hub.database, declarativeFile());
  await hub.app.settle();
  const bridge = await connectReader(hub.app.ldap?.address?.port as number);
  entries = entriesOf(await readFacts(hub.database), await containersOf(bridge));
  slapd = await startSlapd(formatLdif(entries));
  clients = { bridge, slapd: await connectReader(slapd.port) };
});
afterAll(async () => {
  clients?.bridge.close();
  clients?.slapd.close();
  await slapd?.stop();
});

async function connectReader(port: number): Promise<LdapClient> {
  const client = await connectLdap({ host: '127.0.0.1', port });
  const { code, message } = await client.bind(READER, READER_SECRET);
  if (code !== 0) throw new Error(`the reader was refused: ${code} ${message}`);
  return client;
}

/** The containers' identifiers are the bridge's own invention: slapd is given the same. */
async function containersOf(bridge: LdapClient): Promise<Map<string, string>> {
  const found = await bridge.search(BASE, '(objectClass=organizationalUnit)', {
    scope: 'one',
    attributes: ['ou', 'entryUUID'],
  });
  return new Map(
    found.entries.map(({ attributes }) => [
      attributes.get('ou')?.[0] as string,
      attributes.get('entryUUID')?.[0] as string,
    ]),
  );
}

async function ask(question: Question) {
  const [bridge, other] = await Promise.all([
    askFor(clients.bridge, question),
    askFor(clients.slapd, question),
  ]);
  const found = difference(question, bridge, other);
  const reason = found && explanationOf({ question, bridge, slapd: other });
  return { found, reason, gaveEntries: bridge.entries.size > 0 };
}

/** Asks both everything; tells faults in the smallest form that shows them. */
async function compareAll(asked: readonly Question[]) {
  const faults = new Set<string>();
  const counts = { explained: 0, gaveEntries: 0 };
  for (const question of asked) {
    const { found, reason, gaveEntries } = await ask(question);
    if (gaveEntries) counts.gaveEntries += 1;
    if (reason !== undefined) counts.explained += 1;
    if (found === undefined || reason !== undefined || faults.size === MOST_SHOWN) continue;
    const small = await smallest(question, async (smaller) => {
      const answer = await ask(smaller);
      return answer.found !== undefined && answer.reason === undefined;
    });
    faults.add(`${JSON.stringify(small)}\n${(await ask(small)).found}`);
  }
  return { faults: [...faults], ...counts };
}

/** Other ones find other things: LDAP_DIFFERENTIAL_SEED=7 LDAP_DIFFERENTIAL_COUNT=50000. */
const SEED = Number(process.env.LDAP_DIFFERENTIAL_SEED ?? 20_261_123);
const COUNT = Number(process.env.LDAP_DIFFERENTIAL_COUNT ?? 4_000);
const MOST_SHOWN = 12;
const TIME_LIMIT_MS = Math.max(60_000, COUNT * 15);

describe('the bridge and slapd, over the same directory', () => {
  it('give every entry with the same attributes and values', async () => {
    const question: Question = {
      request: {
        kind: 'search',
        base: BASE,
        scope: 'sub',
        sizeLimit: 0,
        timeLimit: 0,
        typesOnly: false,
        filter: { type: 'present', attribute: 'objectClass' },
        attributes: ['*', '+'],
      },
    };
    expect((await ask(question)).found).toBeUndefined();
    expect((await askFor(clients.bridge, question)).entries.size).toBe(entries.length);
  });

  it(
    'answer generated requests alike, but for what is explained',
    async () => {
      const asked = fc.sample(questions(entries), { seed: SEED, numRuns: COUNT });
      const { faults, explained, gaveEntries } = await compareAll(asked);
      expect(faults.join('\n\n')).toBe('');
      // What is explained stays the exception, and what is asked for is there.
      expect(explained).toBeLessThan(COUNT * 0.06);
      expect(gaveEntries).toBeGreaterThan(COUNT * 0.25);
    },
    TIME_LIMIT_MS,
  );
});
