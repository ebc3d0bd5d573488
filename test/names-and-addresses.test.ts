import type { IncomingMessage } from 'node:http';
import { expect, it, test } from 'vitest';
import { clientUriFault, redirectUriFault } from '../src/domain/clients/app-addresses.ts';
import { lineFault } from '../src/platform/text/text-faults.ts';
import { readEdge } from '../src/platform/web/edge.ts';

test.each(['\u200b', '\u2060\u00a0', '\u2800', 'Le \u202eueil', '\u2066Lieu', 'a\u2028b'])(
  'no community, group, service or question is called %j',
  (name) => {
    expect(lineFault(name, { max: 100 })).toBeDefined();
  },
);

test.each(['La Fabrique', 'Les 👩‍👩‍👧‍👦 du quartier', 'نمی‌خواهم', 'בית פתוח', '❤️'])(
  'a community may be called %s',
  (name) => {
    expect(lineFault(name, { max: 100 })).toBeUndefined();
  },
);

test.each([
  'googlechrome://app.example/',
  'firefox://open-url?url=https://app.example',
  'microsoft-edge:https://app.example/',
  'x-javascript:alert(1)',
  'steam://openurl/https://app.example',
  'shortcuts://run-shortcut?name=x',
  'x-apple.systempreferences:com.apple.preference',
  'chrome://settings',
  'x-safari-https://app.example',
])('%s is no native app’s own address', (uri) => {
  expect(redirectUriFault(uri)).toContain('is no app’s own'.replace('’', "'"));
});

test.each(['oc://android.owncloud.com', 'app.immich:///oauth-callback', 'org.example.app:/cb'])(
  '%s is',
  (uri) => {
    expect(redirectUriFault(uri)).toBeUndefined();
  },
);

it('an overlay network’s address is in the local network', () => {
  const rule = { kind: 'native', lanHttp: true } as const;
  expect(clientUriFault('http://100.101.2.3:8080/cb', rule)).toBeUndefined();
  expect(clientUriFault('http://100.101.2.3/cb', { ...rule, lanHttp: false })).toBeDefined();
  expect(clientUriFault('http://100.128.0.1/cb', rule)).toBeDefined();
});

test.each(['x'.repeat(60_000), `${'a.'.repeat(130)}example`, 'x@y', 'a b'])(
  'what is no host is neither looked for nor remembered: %#',
  (host) => {
    const request = { headers: { host }, socket: { remoteAddress: '192.0.2.1' } };
    expect(readEdge(request as unknown as IncomingMessage, []).host).toBe('');
  },
);
