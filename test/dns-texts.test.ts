import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, expect, test } from 'vitest';
import { createDnsTexts } from '../src/platform/outbound/dns-texts.ts';
import { type DnsServer, startDnsServer } from './support/dns-server.ts';

const NAME = '_challenge.login.lieu.example';
const servers: DnsServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop();
});

async function start(): Promise<DnsServer> {
  const server = await startDnsServer();
  servers.push(server);
  return server;
}

/** A resolver that knows the zone's server, which is on this machine, too. */
async function zoneOf(isAllowed = (_: string) => true) {
  const [resolver, zone] = [await start(), await start()];
  resolver.records.set('lieu.example', { NS: ['ns.lieu.example'] });
  resolver.records.set('ns.lieu.example', { A: ['127.0.0.1'] });
  const texts = createDnsTexts({ servers: [resolver.address], isAllowed, zonePort: zone.port });
  return { resolver, zone, texts };
}

test('a text may come in several strings, among others, and no part of it is it', async () => {
  const { resolver, texts } = await zoneOf();
  const long = 'x'.repeat(600);
  resolver.records.set(NAME, { TXT: ['another', long] });
  expect(await texts.find(NAME, long)).toBe('found');
  expect(await texts.find(NAME, long.slice(1))).toBe('other');
  expect(await texts.find(`a.${NAME}`, long)).toBe('absent');
});

test('the zone’s server is asked where the resolver has it not, and only then', async () => {
  const { resolver, zone, texts } = await zoneOf();
  zone.records.set(NAME, { TXT: ['wanted'] });
  expect(await texts.find(NAME, 'wanted')).toBe('found');
  expect(zone.asked).toEqual([`TXT ${NAME}`]);
  resolver.records.set(NAME, { TXT: ['wanted'] });
  expect(await texts.find(NAME, 'wanted')).toBe('found');
  expect(zone.asked).toHaveLength(1);
});

test('a zone’s server at an address that may not be reached is not asked', async () => {
  const { zone, texts } = await zoneOf(() => false);
  zone.records.set(NAME, { TXT: ['wanted'] });
  expect(await texts.find(NAME, 'wanted')).toBe('absent');
  expect(zone.asked).toEqual([]);
});

test('only the last of very many texts are left out, and only so many names are walked', async () => {
  const { resolver, texts } = await zoneOf();
  resolver.records.set(NAME, { TXT: [...Array.from({ length: 60 }, (_, n) => `${n}`), 'wanted'] });
  expect(await texts.find(NAME, 'wanted')).toBe('other');
  const deep = `${'a.'.repeat(90)}lieu.example`;
  expect(await texts.find(deep, 'wanted')).toBe('absent');
  expect(resolver.asked.filter((asked) => asked.startsWith('NS ')).length).toBeLessThan(12);
});

test('who does not answer, or says that they cannot, has not said no', async () => {
  const silent = createSocket('udp4').bind(0, '127.0.0.1');
  await once(silent, 'listening');
  const texts = createDnsTexts({
    servers: [`127.0.0.1:${silent.address().port}`],
    isAllowed: () => true,
  });
  const started = performance.now();
  expect(await texts.find(`a.b.c.d.${NAME}`, 'wanted')).toBe('unanswered');
  expect(performance.now() - started).toBeLessThan(11_000);
  silent.close();
  const { resolver, texts: broken } = await zoneOf();
  resolver.isBroken = true;
  expect(await broken.find(NAME, 'wanted')).toBe('unanswered');
}, 20_000);
