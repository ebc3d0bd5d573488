import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { listHosts } from '../src/domain/hosts/list-hosts.ts';
import { visit } from './support/account-visits.ts';
import type { Browser, Page } from './support/browser.ts';
import { startDnsServer } from './support/dns-server.ts';
import {
  type BuiltCommunity,
  buildCommunity,
  buildMember,
  buildService,
  giveHosts,
} from './support/factories.ts';
import { claim, setRecord } from './support/host-proofs.ts';
import { useHub } from './support/use-hub.ts';

const dns = await startDnsServer();
afterAll(() => dns.stop());
const hub = useHub({
  env: { TROUSSEAU_DNS_SERVERS: dns.address, TROUSSEAU_RESERVED_HOSTS: 'hebergeur.example' },
  neighbour: {},
});

let lieu: BuiltCommunity;
let admin: Browser;
let address: string;
let host: string;
let count = 0;

beforeEach(async () => {
  lieu = await buildCommunity(hub.database);
  const member = await buildMember(hub.database, lieu.id, { role: 'admin' });
  await hub.app.settle();
  const { browser, at } = await visit(hub, lieu, { member });
  admin = browser;
  address = at('/admin/settings/address');
  count += 1;
  host = `login.lieu${count}.example`;
});

const textOf = ({ document }: Page, selector: string) =>
  document.querySelector(selector)?.text.trim() ?? '';
const add = async (typed: string, fields: Record<string, string> = {}) =>
  admin.submit(await admin.open(address), '#address-form', { host: typed, use: 'both', ...fields });
const press = async (what: 'check' | 'remove', name = host) =>
  admin.submit(await admin.open(address), `[id="${what}-${name}"]`);
const statesOf = async ({ id }: BuiltCommunity) =>
  (await listHosts(hub.database, id)).map((listed) => `${listed.host} ${listed.state}`);

describe('the page of a community’s address', () => {
  it('says that the hub’s path cannot follow, until there is a host', async () => {
    const page = await admin.open(address);
    expect(textOf(page, '#issuer')).toBe(`${hub.url}/c/${lieu.slug}`);
    expect(textOf(page, '#path-warning')).toContain('ne pourra pas vous suivre');
    await giveHosts(hub, lieu, [host]);
    const after = await admin.open(address);
    expect(textOf(after, '#issuer')).toBe(`https://${host}`);
    expect(textOf(after, '#path-warning')).toBe('');
    expect(textOf(after, `[id="host-${host}"]`)).toContain('donnée par l’hébergement');
  });

  it('leads from a claim to what is to be set, and from there to a host that counts', async () => {
    const claimed = await add(` ${host.toUpperCase()}. `);
    expect(claimed.url).toBe(`${address}?notice=claimed`);
    const entry = textOf(claimed, `[id="host-${host}"]`);
    expect(entry).toContain(`_trousseau-challenge.${host}`);
    const token = textOf(claimed, `[id="token-${host}"]`);
    expect(token).toMatch(/^[\w-]{32}$/);
    expect((await press('check')).url).toBe(`${address}?notice=absent`);
    setRecord(dns, { host }, `"${token}"`);
    expect((await press('check')).url).toBe(`${address}?notice=other`);
    dns.isBroken = true;
    expect((await press('check')).url).toBe(`${address}?notice=unanswered`);
    dns.isBroken = false;
    setRecord(dns, { host }, token);
    const proven = await press('check');
    expect(textOf(proven, '.notice')).toContain('La preuve est là');
    expect(textOf(proven, '#issuer')).toBe(`https://${host}`);
    expect(textOf(proven, `[id="host-${host}"]`)).toContain('Faites pointer ce nom vers localhost');
    expect(proven.document.querySelector(`[id="check-${host}"]`)).toBeNull();
    const events = await hub.database.query(
      `SELECT DISTINCT left(actor, 7) AS actor FROM events WHERE community_id = $1 AND type LIKE 'host.%'`,
      [lieu.id],
    );
    expect(events).toEqual([{ actor: 'member:' }]);
  });

  it('takes what it is for', async () => {
    const page = await add(host, { use: 'ldap' });
    expect(textOf(page, `[id="host-${host}"] .soft`)).toBe('annuaire LDAP');
  });

  it.each([
    ['*.lieu.example', 'Un nom avec une étoile', 'A name with a star'],
    ['login.lieu.example:8443', 'contient un port', 'has a port'],
    ['192.0.2.7', 'C’est une adresse IP', 'This is an IP address'],
    ['https://login.lieu.example', 'Ce n’est pas un nom d’hôte', 'This is not a host name'],
    ['login', 'Il n’y a qu’un mot', 'This is one word only'],
    ['localhost.', 'Il n’y a qu’un mot', 'This is one word only'],
    ['lieu.hebergeur.example', 'appartient au service lui-même', 'belongs to the hub itself'],
    ['pris.voisin.example', 'appartient déjà à une autre communauté', 'another community'],
  ])(
    'says of "%s" what to do, in the reader’s language, and keeps what was typed',
    async (typed, french, english) => {
      await giveHosts(hub, hub.neighbour, ['pris.voisin.example']);
      for (const [language, words] of [
        ['fr', french],
        ['en', english],
      ] as const) {
        admin.headers['accept-language'] = language;
        const page = await add(typed);
        expect(page.status).toBe(400);
        expect(textOf(page, '#fault-host')).toContain(words);
        expect(textOf(page, '#error-summary')).toContain(words);
        expect(page.document.querySelector('#host')?.getAttribute('value')).toBe(typed);
      }
      expect(await statesOf(lieu)).toEqual([]);
    },
  );

  it('takes an IDN, and shows the name that the DNS knows', async () => {
    const page = await add(`été.lieu${count}.example`);
    expect(textOf(page, `[id="host-xn--t-9fab.lieu${count}.example"]`)).toContain('à prouver');
  });

  it('removes a claim and a host, once somebody said so twice, but none that a service needs', async () => {
    await add(host);
    const page = await admin.open(address);
    expect(textOf(page, `[id="remove-${host}"]`)).toContain('rien d’autre ne change');
    expect((await press('remove')).url).toBe(`${address}?notice=removed`);
    expect(await statesOf(lieu)).toEqual([]);
    await giveHosts(hub, lieu, [host]);
    await buildService(hub, lieu);
    const kept = await press('remove');
    expect([kept.status, textOf(kept, '#error-summary')]).toEqual([
      400,
      expect.stringContaining('Des services utilisent encore ce nom d’hôte'),
    ]);
    expect(await statesOf(lieu)).toEqual([`${host} proven`]);
  });

  it('stops looking after thirty times in an hour', async () => {
    await add(host);
    for (let n = 0; n < 30; n += 1) await press('check');
    const page = await press('check');
    expect(page.status).toBe(429);
    expect(Number(page.headers.get('retry-after'))).toBeGreaterThan(0);
  });
});

describe('whoever must not', () => {
  it('finds nothing of another community’s claims, and changes nothing', async () => {
    const theirs = `login.voisin${count}.example`;
    const { token } = await claim(hub.database, hub.neighbour.id, theirs, undefined, hub.url);
    setRecord(dns, { host: theirs }, token);
    await add(host);
    const page = await admin.open(address);
    expect(page.text).not.toContain(theirs);
    for (const what of ['check', 'remove'] as const) {
      const answer = await admin.submit(page, `[id="${what}-${host}"]`, { host: theirs });
      expect([what, answer.status]).toEqual([what, 404]);
    }
    expect(await statesOf(hub.neighbour)).toContain(`${theirs} claimed`);
  });

  it('is a member without that role', async () => {
    const { browser } = await visit(hub, lieu);
    expect((await browser.open(address)).status).toBe(403);
  });
});
