import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { buildCommunity } from '../support/factories.ts';
import type { TestHub } from '../support/hub.ts';
import { useHub } from '../support/use-hub.ts';
import { sendRaw } from './raw-request.ts';

const OWN_HOST = 'login.lieu.example';

const direct = useHub({ community: { hosts: [OWN_HOST] }, service: {} });
const proxied = useHub({
  env: { TROUSSEAU_TRUSTED_PROXIES: '127.0.0.0/8, 10.0.0.0/8' },
  community: { hosts: [OWN_HOST] },
  service: {},
});

const pathOf = ({ community }: typeof direct) => `/c/${community.slug}`;
const DISCOVERY = '/.well-known/openid-configuration';

/** What a client of this address was counted as, read from the session that its request opened. */
async function addressSeen(hub: typeof direct, forwardedFor: string | string[] | undefined) {
  const answer = await sendRaw(hub, `${pathOf(hub)}/oidc/session/end`, {
    headers: forwardedFor === undefined ? {} : { 'x-forwarded-for': forwardedFor },
  });
  if (answer.status !== 200) return answer.status;
  const [row] = await hub.database.query<{ ip: string }>(
    'SELECT host(ip) AS ip FROM sessions WHERE community_id = $1 ORDER BY created_at DESC LIMIT 1',
    [hub.community.id],
  );
  return row?.ip;
}

describe('a request for a host', () => {
  it('that nobody registered is misdirected, on every kind of path, and names no address of it', async () => {
    for (const path of [
      '/',
      '/setup',
      '/operator',
      pathOf(direct),
      `${pathOf(direct)}/oidc/auth`,
    ]) {
      for (const accept of ['text/html', 'application/json']) {
        const answer = await sendRaw(direct, path, { headers: { host: 'evil.example', accept } });
        expect(answer.status).toBe(421);
        expect(answer.text).not.toContain('evil.example');
        expect(answer.headers['set-cookie'] ?? []).not.toContain('evil.example');
      }
    }
  });

  it('of a community opens that community only: no other’s pages, no console, no set-up', async () => {
    const headers = { host: OWN_HOST };
    expect((await sendRaw(direct, '/login', { headers })).status).toBe(200);
    for (const path of [pathOf(direct), `${pathOf(direct)}/login`, '/operator', '/setup?token=x']) {
      expect((await sendRaw(direct, path, { headers })).status).toBe(404);
    }
  });

  it('is the same in every form of its name: capitals, the dot at its end, the port that browsers leave out', async () => {
    for (const same of [
      OWN_HOST.toUpperCase(),
      `${OWN_HOST}.`,
      `${OWN_HOST}:443`,
      `${OWN_HOST}:80`,
      `${OWN_HOST}.:443`,
      `${OWN_HOST}:`,
      // Full-width letters, as IDNA takes them.
      'ｌogin.lieu.example',
    ].map((name) => Buffer.from(name).toString('latin1'))) {
      const answer = await sendRaw(direct, DISCOVERY, { headers: { host: same } });
      expect([same, answer.status]).toEqual([same, 200]);
      // What it says of itself is said in one form.
      expect(JSON.parse(answer.text).issuer).toBe(`https://${OWN_HOST}`);
    }
    const { port } = new URL(direct.url);
    for (const same of [`LOCALHOST:${port}`, `localhost.:${port}`]) {
      expect((await sendRaw(direct, '/', { headers: { host: same } })).status).toBe(200);
    }
  });

  it('takes forms from a page whose address has another form of its name', async () => {
    const headers = { host: `${OWN_HOST}.`, origin: `https://${OWN_HOST}.` };
    const page = await sendRaw(direct, '/login', { headers });
    const cookie = String(page.headers['set-cookie']).split(';')[0] as string;
    const csrf = /name="csrf" value="([^"]+)"/.exec(page.text)?.[1] ?? '';
    const body = new URLSearchParams({ csrf, username: 'nobody', password: 'nothing' }).toString();
    const type = 'application/x-www-form-urlencoded';
    const post = (origin: string) =>
      sendRaw(direct, '/login', {
        method: 'POST',
        headers: { ...headers, origin, cookie, 'content-type': type },
        body,
      });
    expect((await post(headers.origin)).status).toBe(400);
    for (const foreign of ['https://evil.example', `http://${OWN_HOST}.`, 'null']) {
      expect((await post(foreign)).status).toBe(403);
    }
  });

  it('is told by its whole name: no other port, second dot, user or suffix added', async () => {
    const { host } = new URL(direct.url);
    for (const wrong of [
      `${host}1`,
      `${OWN_HOST}..`,
      `.${OWN_HOST}`,
      `${OWN_HOST}:443:443`,
      `${OWN_HOST}:99999`,
      `${OWN_HOST.replace('.', '%2e')}`,
      `${OWN_HOST}:8443`,
      `x@${OWN_HOST}`,
      `${OWN_HOST}.evil.example`,
      '',
    ]) {
      expect((await sendRaw(direct, '/', { headers: { host: wrong } })).status).toBe(421);
    }
  });
});

describe('a request target with a host in it (RFC 9112 §3.2.2)', () => {
  it('never lets a foreign host into what the hub says of itself', async () => {
    for (const hub of [direct, proxied]) {
      for (const [host, base] of [
        [OWN_HOST, ''],
        [new URL(hub.url).host, pathOf(hub)],
      ] as const) {
        const poisoned = await sendRaw(hub, `http://evil.example${base}${DISCOVERY}`, {
          headers: { host },
        });
        expect(poisoned.status).toBe(421);
        const after = await sendRaw(hub, `${base}${DISCOVERY}`, { headers: { host } });
        expect(after.status).toBe(200);
        expect(after.text).not.toContain('evil.example');
      }
    }
  });

  it('is served like any other where the host is ours', async () => {
    const { host } = new URL(direct.url);
    const answer = await sendRaw(direct, `http://${host}${pathOf(direct)}${DISCOVERY}`, {
      headers: { host: 'evil.example' },
    });
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.text).issuer).toBe(`${direct.url}${pathOf(direct)}`);
  });

  it('that is no address at all is a bad request', async () => {
    for (const target of [
      '*',
      'http://',
      'evil.example:80',
      'javascript:alert(1)',
      'file:///etc/passwd',
    ]) {
      const answer = await sendLine(
        direct,
        `OPTIONS ${target} HTTP/1.1\r\nHost: ${new URL(direct.url).host}`,
      );
      expect(answer).toMatch(/^HTTP\/1\.1 4(00|04|21) /);
    }
  });
});

describe('forwarded headers', () => {
  const FORGED = {
    'x-forwarded-host': 'evil.example',
    'x-forwarded-proto': 'https',
    'x-forwarded-port': '8443',
    'x-real-ip': '192.0.2.9',
    forwarded: 'for=192.0.2.9;host=evil.example;proto=https',
  };

  it('of a visitor change neither host, scheme nor links', async () => {
    // A community that nobody asked for before: nothing of it comes from memory.
    const path = `/c/${(await buildCommunity(direct.database)).slug}${DISCOVERY}`;
    const forged = await sendRaw(direct, path, { headers: FORGED });
    expect(JSON.parse(forged.text).token_endpoint).toMatch(`${direct.url}/c/`);
    expect((await sendRaw(direct, path)).text).toBe(forged.text);
    const page = await sendRaw(direct, `${pathOf(direct)}/login`, { headers: FORGED });
    expect(page.status).toBe(200);
    expect(page.text).not.toContain('evil.example');
    expect(page.headers['strict-transport-security']).toBeUndefined();
  });

  it('of a visitor do not change the address that counts', async () => {
    expect(await addressSeen(direct, '192.0.2.9')).toBe('127.0.0.1');
    expect(await addressSeen(direct, 'no address')).toBe('127.0.0.1');
  });

  it('of a proxy count up to the first address that is no proxy of ours', async () => {
    expect(await addressSeen(proxied, undefined)).toBe('127.0.0.1');
    expect(await addressSeen(proxied, '192.0.2.9')).toBe('192.0.2.9');
    expect(await addressSeen(proxied, '203.0.113.1, 192.0.2.9')).toBe('192.0.2.9');
    expect(await addressSeen(proxied, '203.0.113.1, 192.0.2.9, 10.1.2.3')).toBe('192.0.2.9');
    expect(await addressSeen(proxied, ['203.0.113.1', '192.0.2.9'])).toBe('192.0.2.9');
    expect(await addressSeen(proxied, '::ffff:192.0.2.9')).toBe('192.0.2.9');
    expect(await addressSeen(proxied, '2001:DB8::1')).toBe('2001:db8::1');
    expect(await addressSeen(proxied, 'fe80::1%eth0')).toBe('fe80::1');
  });

  it('of a proxy that cannot be read are refused, rather than counted for somebody else', async () => {
    for (const value of [
      '',
      'unknown',
      '192.0.2.9:1234',
      '192.0.2.9, ',
      '192.0.2.9, _hidden',
      '1.2.3.4.5',
    ]) {
      expect([value, await addressSeen(proxied, value)]).toEqual([value, 400]);
    }
  });

  it('of a proxy select a host only where that host is registered', async () => {
    const ask = (host: string) =>
      sendRaw(proxied, DISCOVERY, { headers: { 'x-forwarded-host': host } });
    expect((await ask('evil.example')).status).toBe(421);
    for (const same of [OWN_HOST, `${OWN_HOST.toUpperCase()}.:443`]) {
      expect(JSON.parse((await ask(same)).text).issuer).toBe(`https://${OWN_HOST}`);
    }
  });

  it('of proxies that add to what is there count as the outermost proxy of ours wrote them', async () => {
    const ask = async (hosts: string | string[], forwardedFor?: string) => {
      const headers = {
        'x-forwarded-host': hosts,
        ...(forwardedFor !== undefined && { 'x-forwarded-for': forwardedFor }),
      };
      return (await sendRaw(proxied, DISCOVERY, { headers })).status;
    };
    // One proxy: the last is its word, and what stands before it the visitor's.
    expect(await ask(`evil.example, ${OWN_HOST}`)).toBe(200);
    expect(await ask(['evil.example', OWN_HOST])).toBe(200);
    expect(await ask(`${OWN_HOST}, evil.example`)).toBe(421);
    expect(await ask(`${OWN_HOST}, `)).toBe(421);
    // Two, of which the inner one was asked for a name of the inside.
    const two = '192.0.2.9, 10.1.2.3';
    expect(await ask(`${OWN_HOST}, hub.internal`, two)).toBe(200);
    expect(await ask(`evil.example, ${OWN_HOST}, hub.internal`, two)).toBe(200);
    expect(await ask(`${OWN_HOST}, evil.example, hub.internal`, two)).toBe(421);
    // Two, of which the inner one replaced what it found.
    expect(await ask(OWN_HOST, two)).toBe(200);
  });

  it('of a proxy cannot turn an https community into plain http', async () => {
    const own = await sendRaw(proxied, DISCOVERY, {
      headers: { 'x-forwarded-host': OWN_HOST, 'x-forwarded-proto': 'http' },
    });
    for (const [name, value] of Object.entries(JSON.parse(own.text))) {
      if (name.endsWith('_endpoint') || name === 'jwks_uri')
        expect(value).toMatch(new RegExp(`^https://${OWN_HOST}/`));
    }
  });
});

/** Sends one request's first lines over a bare connection, and gives what comes back. */
function sendLine(hub: TestHub, head: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(hub.config.listen.port, '127.0.0.1');
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk;
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(text));
    socket.write(`${head}\r\nConnection: close\r\n\r\n`);
  });
}
