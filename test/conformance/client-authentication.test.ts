import { beforeAll, describe, expect, it } from 'vitest';
import type { RelyingParty } from '../support/relying-party.ts';
import { useHub } from '../support/use-hub.ts';
import { json, newBrowser } from './answers.ts';

// How clients with a secret send it (RFC 6749 §2.3.1), which is not always how the text has it.

const hub = useHub({ member: {} });

const DEVICE = 'urn:ietf:params:oauth:grant-type:device_code';
const GRANTS = {
  grants: ['authorization_code', 'refresh_token', 'client_credentials', DEVICE],
};
const encode = encodeURIComponent;
/** `application/x-www-form-urlencoded`, where a space is a plus sign. */
const form = (text: string) => new URLSearchParams({ x: text }).toString().slice(2);
const asIs = (text: string) => text;

function header(id: string, secret: string, code: (text: string) => string): string {
  return `Basic ${Buffer.from(`${code(id)}:${code(secret)}`).toString('base64')}`;
}

/** Posts a body as it stands, so that a test can also do what no library should. */
function send(app: RelyingParty, path: string, body: string, authorization?: string) {
  return fetch(`${app.issuer}${path}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      ...(authorization === undefined ? {} : { authorization }),
    },
    body,
  });
}

const TOKEN = '/oidc/token';
const MACHINE = 'grant_type=client_credentials';

const ways: [name: string, of: (id: string, secret: string) => [body: string, header?: string]][] =
  [
    ['in the header, form-encoded', (id, secret) => [MACHINE, header(id, secret, form)]],
    ['in the header, percent-encoded', (id, secret) => [MACHINE, header(id, secret, encode)]],
    ['in the header, as it is', (id, secret) => [MACHINE, header(id, secret, asIs)]],
    [
      'in the body, form-encoded',
      (id, secret) => [`${MACHINE}&client_id=${form(id)}&client_secret=${form(secret)}`],
    ],
    [
      'in the body, percent-encoded',
      (id, secret) => [`client_secret=${encode(secret)}&client_id=${encode(id)}&${MACHINE}`],
    ],
    [
      'in the body, as it is',
      (id, secret) => [`${MACHINE}&client_id=${id}&client_secret=${secret}`],
    ],
    [
      'in the body, encoded twice',
      (id, secret) => [
        `${MACHINE}&client_id=${form(form(id))}&client_secret=${form(form(secret))}`,
      ],
    ],
    [
      'in header and body at once',
      (id, secret) => [
        `${MACHINE}&client_id=${form(id)}&client_secret=${form(secret)}`,
        header(id, secret, asIs),
      ],
    ],
    [
      'in header and body at once, encoded here and not there, without a second id',
      (id, secret) => [`${MACHINE}&client_secret=${secret}`, header(id, secret, form)],
    ],
    [
      'in the header, with the id in the body',
      (id, secret) => [`${MACHINE}&client_id=${id}`, header(id, secret, encode)],
    ],
  ];

describe.each([
  ['letters', 'plain', 'a-secret-of-plain-letters'],
  ['a plus, a percent sign and a colon', 'cloud+photos:2%', 'se+cret%of:the=cloud/100%25'],
  ['a percent sign before digits', 'wiki%41', 'secret%41%2Bwith-what-looks-encoded'],
  ['spaces and quotes', "o'neill", 'a secret + "with" spaces ~!*()'],
])('an id and a secret of %s', (_name, clientId, secret) => {
  let app: RelyingParty;
  beforeAll(async () => {
    app = await hub.newClient({ ...GRANTS, id: clientId, secret });
  });

  it.each(ways)('are taken %s', async (_way, of) => {
    const [body, authorization] = of(clientId, secret);
    const response = await send(app, TOKEN, body, authorization);
    expect([response.status, await json(response)]).toEqual([
      200,
      expect.objectContaining({ access_token: expect.any(String) }),
    ]);
  });

  it.each(ways)('are refused %s where a letter is wrong', async (_way, of) => {
    const [body, authorization] = of(clientId, `${secret.slice(0, -1)}X`);
    const response = await send(app, TOKEN, body, authorization);
    expect([400, 401]).toContain(response.status);
    expect(await json(response)).not.toHaveProperty('access_token');
  });
});

describe('a client with a secret', () => {
  it.each(['client_secret_basic', 'client_secret_post'] as const)(
    'sends it as it likes at each endpoint, registered with %s',
    async (method) => {
      const app = await hub.newClient({
        ...GRANTS,
        auth: method,
        scopes: ['openid', 'offline_access'],
      });
      const { clientId, clientSecret, redirectUri } = app.service;
      const answer = await app.signIn(newBrowser(), hub.member.username);
      const tokens = await app.tokens(answer);
      const pushed = new URLSearchParams({
        client_id: clientId,
        response_type: 'code',
        redirect_uri: redirectUri,
        scope: 'openid',
      });
      const requests: [path: string, fields: string, status: number][] = [
        [TOKEN, MACHINE, 200],
        ['/oidc/token/introspection', `token=${tokens.access_token}`, 200],
        // RFC 9126 §2.1 has the name of the client among what is pushed.
        ['/oidc/request', pushed.toString(), 201],
        ['/oidc/device/auth', 'scope=openid', 200],
        ['/oidc/token/revocation', `token=${tokens.access_token}`, 200],
      ];
      const basic = header(clientId, clientSecret, encode);
      for (const [path, fields, status] of requests) {
        const name = fields.includes('client_id=') ? '' : `client_id=${clientId}&`;
        const post = `${name}client_secret=${clientSecret}`;
        const statuses = [
          (await send(app, path, fields, basic)).status,
          (await send(app, path, `${fields}&${post}`)).status,
          (await send(app, path, `${fields}&${post}`, basic)).status,
        ];
        expect([path, ...statuses]).toEqual([path, status, status, status]);
        const wrong = await send(app, path, `${fields}&${post}x`, basic);
        expect([path, wrong.status]).toEqual([path, 400]);
      }
    },
  );

  it('is not let in by its name alone, nor by an empty secret', async () => {
    const app = await hub.newClient(GRANTS);
    const id = app.service.clientId;
    for (const [body, authorization] of [
      [`${MACHINE}&client_id=${id}`],
      [`${MACHINE}&client_id=${id}&client_secret=`],
      [MACHINE, header(id, '', asIs)],
      [`${MACHINE}&client_id=${id}&client_secret=`, header(id, '', asIs)],
    ] as [string, string?][]) {
      const response = await send(app, TOKEN, body, authorization);
      expect([400, 401]).toContain(response.status);
    }
  });

  it('cannot prove itself and name another', async () => {
    const [app, other] = [await hub.newClient(GRANTS), await hub.newClient(GRANTS)];
    const { clientId, clientSecret } = app.service;
    const body = `${MACHINE}&client_id=${other.service.clientId}`;
    const mixed = await send(app, TOKEN, body, header(clientId, clientSecret, asIs));
    expect(mixed.status).toBe(400);
    const both = `${body}&client_secret=${other.service.clientSecret}`;
    const two = await send(app, TOKEN, both, header(clientId, clientSecret, asIs));
    expect(two.status).toBe(400);
  });

  it('sends it once: two secrets in one body are refused', async () => {
    const app = await hub.newClient(GRANTS);
    const { clientId, clientSecret } = app.service;
    const body = `${MACHINE}&client_secret=${clientSecret}&client_secret=${clientSecret}`;
    expect((await send(app, TOKEN, `${body}&client_id=${clientId}`)).status).toBe(400);
    expect((await send(app, TOKEN, body, header(clientId, clientSecret, asIs))).status).toBe(400);
  });

  it('has its id read as it is where it sends a browser, too', async () => {
    const app = await hub.newClient({ id: 'maps+more' });
    const url = app.authorizationUrl().replace('maps%2Bmore', 'maps+more');
    expect(url).toContain('client_id=maps+more');
    const page = await newBrowser().open(url);
    expect(page.document.querySelector('#login-form')).not.toBeNull();
    expect(page.text).toContain(app.service.slug);
  });
});

describe('a service that takes one way only', () => {
  it.each([
    ['client_secret_basic', [200, 401, 401]],
    ['client_secret_post', [401, 200, 401]],
  ] as const)('%s: refuses the other, and both at once', async (method, statuses) => {
    const app = await hub.newClient({
      ...GRANTS,
      auth: method,
      authOnly: true,
    });
    const { clientId, clientSecret } = app.service;
    const basic = header(clientId, clientSecret, encode);
    const post = `${MACHINE}&client_id=${clientId}&client_secret=${clientSecret}`;
    const answers = [
      await send(app, TOKEN, MACHINE, basic),
      await send(app, TOKEN, post),
      await send(app, TOKEN, post, basic),
    ];
    expect(answers.map(({ status }) => status)).toEqual(statuses);
    for (const answer of answers.filter(({ status }) => status === 401))
      expect(await json(answer)).toMatchObject({ error: 'invalid_client' });
  });
});

describe('a client without a secret', () => {
  it('never gets to use one', async () => {
    const app = await hub.newClient({ auth: 'none' });
    const answer = await app.signIn(newBrowser(), hub.member.username);
    const fields = new URLSearchParams({
      grant_type: 'authorization_code',
      code: answer.get('code') as string,
      redirect_uri: app.service.redirectUri,
      code_verifier: app.verifier,
      client_id: app.service.clientId,
    }).toString();
    const { clientId } = app.service;
    const tries = [
      await send(app, TOKEN, `${fields}&client_secret=anything`),
      await send(app, TOKEN, fields, header(clientId, 'anything', asIs)),
      await send(app, TOKEN, `${fields}&client_secret=x`, header(clientId, 'x', asIs)),
    ];
    for (const { status } of tries) expect([400, 401]).toContain(status);
    expect((await send(app, TOKEN, fields)).status).toBe(200);
  });
});

describe('a body that cannot be', () => {
  it('of too many bytes is refused, and the next request of the connection is answered', async () => {
    const app = await hub.newClient(GRANTS);
    const { clientId, clientSecret } = app.service;
    const basic = header(clientId, clientSecret, encode);
    const long = await send(app, TOKEN, `${MACHINE}&x=${'x'.repeat(60_000)}`, basic);
    expect(long.status).toBe(400);
    expect((await send(app, TOKEN, MACHINE, basic)).status).toBe(200);
  });

  it('of another type is refused', async () => {
    const app = await hub.newClient(GRANTS);
    const { clientId, clientSecret } = app.service;
    const response = await fetch(`${app.issuer}${TOKEN}`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: header(clientId, clientSecret, encode),
      },
      body: JSON.stringify({ grant_type: 'client_credentials' }),
    });
    expect(response.status).toBe(400);
  });
});
