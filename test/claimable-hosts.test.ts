import { describe, expect, it, test } from 'vitest';
import { RefusedError } from '../src/domain/errors.ts';
import { claimableHost } from '../src/domain/hosts/claimable-host.ts';
import { parseConfig } from '../src/platform/config/config.ts';

const PLACE = { hubUrl: 'https://login.reseau.example', reserved: ['hebergeur.example'] };

function refusalOf(typed: string) {
  try {
    claimableHost(typed, PLACE);
  } catch (error) {
    const { code, message } = error as RefusedError;
    expect(error).toBeInstanceOf(RefusedError);
    return `${code}: ${message}`;
  }
  return undefined;
}

test.each([
  ['login.lieu.example', 'login.lieu.example'],
  [' LOGIN.Lieu.Example ', 'login.lieu.example'],
  ['login.lieu.example.', 'login.lieu.example'],
  ['login.lieu.example。', 'login.lieu.example'],
  ['été.lieu.example', 'xn--t-9fab.lieu.example'],
  ['XN--T-9FAB.lieu.example', 'xn--t-9fab.lieu.example'],
  // Neither is the hub's: one is above it, one only ends as it does.
  ['reseau.example', 'reseau.example'],
  ['my-login.reseau.example', 'my-login.reseau.example'],
])('a community may claim %s, which is %s', (typed, host) => {
  expect(claimableHost(typed, PLACE)).toBe(host);
});

test.each([
  ['', /^host-shape: give a host name$/],
  ['*.lieu.example', /give each host by its whole name/],
  ['https://login.lieu.example/', /is an address, not a host: give the name alone/],
  ['admin@lieu.example', /is an address, not a host/],
  ['login.lieu.example:8443', /has a port: give the name alone, login\.lieu\.example/],
  ['login.lieu.example:', /has a port/],
  ['192.0.2.7', /is an IP address/],
  ['192.0.2.7:443', /is an IP address/],
  ['[2001:db8::7]', /is an IP address/],
  ['[2001:db8::7]:443', /is an IP address/],
  ['2001:db8::7', /is an IP address/],
  // As browsers read numbers.
  ['0x7f000001', /is an IP address/],
  ['127.1', /is an IP address/],
  ['１２７.0.0.1', /is an IP address/],
  ['login', /is one word only: give the whole name/],
  ['localhost', /is one word only/],
  ['-login.lieu.example', /is no host name/],
  ['_acme.lieu.example', /is no host name/],
  ['login..lieu.example', /is no host name/],
  ['login.lieu.example..', /is no host name/],
  ['log in.lieu.example', /is no host name/],
  ['login.lieu.example\0', /is no host name/],
  [`${'a'.repeat(64)}.example`, /is no host name/],
  [`${'a.'.repeat(120)}example`, /is no host name/],
  ['xn--.example', /is no host name/],
  ['login.reseau.example', /^host-reserved: .*the hub's own name: give a name of your own domain/],
  ['LOGIN.reseau.example.', /^host-reserved/],
  ['lamyne.login.reseau.example', /^host-reserved: .*is below login\.reseau\.example/],
  ['hebergeur.example', /^host-reserved: .*a name that the operator keeps/],
  ['cloud.hebergeur.example', /^host-reserved/],
])('whoever types %j is told what to do', (typed, words) => {
  expect(refusalOf(typed)).toMatch(words);
});

test('ten megabytes are no host name, and are not repeated', () => {
  expect(refusalOf('a.'.repeat(5_000_000))?.length).toBeLessThan(400);
});

describe('the operator’s settings', () => {
  it('name resolvers by address, with or without a port', () => {
    const { dnsServers } = parseConfig({
      TROUSSEAU_DNS_SERVERS: '192.0.2.53, 127.0.0.1:5353 2001:db8::53,[2001:db8::53]:5353',
    }).ownHosts;
    expect(dnsServers).toEqual([
      '192.0.2.53:53',
      '127.0.0.1:5353',
      '[2001:db8::53]:53',
      '[2001:db8::53]:5353',
    ]);
    for (const wrong of ['dns.example', '192.0.2.53:0', '192.0.2.53:70000', '192.0.2', '[::1'])
      expect(() => parseConfig({ TROUSSEAU_DNS_SERVERS: wrong })).toThrow(
        `TROUSSEAU_DNS_SERVERS: "${wrong}" is not an IP address`,
      );
  });

  it('keep names in any form, with all that is below them', () => {
    const { reserved } = parseConfig({
      TROUSSEAU_RESERVED_HOSTS: 'Hébergeur.example., *.autre.example',
    }).ownHosts;
    expect(reserved).toEqual(['xn--hbergeur-b1a.example', 'autre.example']);
    expect(() => parseConfig({ TROUSSEAU_RESERVED_HOSTS: 'a.example:80' })).toThrow(
      'TROUSSEAU_RESERVED_HOSTS: "a.example:80" is not a name',
    );
  });
});
