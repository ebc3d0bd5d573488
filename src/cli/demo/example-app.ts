import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { LRUCache } from 'lru-cache';
import * as oidc from 'openid-client';
import { appPage } from './example-app-page.ts';

/**
 * A small, honest relying party for the demo, in a process and on a port of its own: code flow with
 * PKCE through `openid-client`, RP-initiated logout, and back-channel logout. Its sessions live in memory.
 */
type Session = {
  sub: string;
  sid: string | undefined;
  idToken: string;
  claims: Record<string, unknown>;
};
type Pending = { verifier: string; state: string; nonce: string };

const settings = {
  name: required('APP_NAME'),
  port: Number(required('APP_PORT')),
  issuer: required('APP_ISSUER'),
  clientId: required('APP_CLIENT_ID'),
  clientSecret: required('APP_CLIENT_SECRET'),
  scope: process.env.APP_SCOPE ?? 'openid profile email',
  accent: process.env.APP_ACCENT ?? '#444466',
};
const home = `http://localhost:${settings.port}/`;
const cookieName = `demo_app_${settings.port}`;
const sessions = new LRUCache<string, Session>({ max: 1_000 });
const pending = new LRUCache<string, Pending>({ max: 1_000 });

const client = await oidc.discovery(
  new URL(settings.issuer),
  settings.clientId,
  settings.clientSecret,
  undefined,
  // The demo speaks plain HTTP on this machine only.
  { execute: [oidc.allowInsecureRequests] },
);
const keys = createRemoteJWKSet(new URL(client.serverMetadata().jwks_uri as string));

const server = createServer((req, res) => {
  answer(req, res).catch((error: Error) => {
    console.error(`${settings.name}: ${error.message}`);
    send(res, 500, appPage({ ...settings, error: error.message }));
  });
});
server.listen(settings.port, '127.0.0.1', () => process.send?.('ready'));
process.on('disconnect', () => process.exit(0));

async function answer(req: IncomingMessage, res: ServerResponse): Promise<void> {
  const url = new URL(req.url ?? '/', home);
  switch (`${req.method} ${url.pathname}`) {
    case 'GET /':
      return send(res, 200, appPage({ ...settings, claims: sessions.get(cookie(req))?.claims }));
    case 'GET /login':
      return login(res);
    case 'GET /callback':
      return callback(req, res, url);
    case 'GET /logout':
      return logout(req, res);
    case 'POST /backchannel-logout':
      return backchannelLogout(req, res);
    default:
      return send(res, 404, appPage({ ...settings, error: 'Page introuvable' }));
  }
}

async function login(res: ServerResponse): Promise<void> {
  const id = randomBytes(24).toString('base64url');
  const request = {
    verifier: oidc.randomPKCECodeVerifier(),
    state: oidc.randomState(),
    nonce: oidc.randomNonce(),
  };
  pending.set(id, request);
  const target = oidc.buildAuthorizationUrl(client, {
    redirect_uri: `${home}callback`,
    scope: settings.scope,
    code_challenge: await oidc.calculatePKCECodeChallenge(request.verifier),
    code_challenge_method: 'S256',
    state: request.state,
    nonce: request.nonce,
  });
  redirect(res, target.href, id);
}

async function callback(req: IncomingMessage, res: ServerResponse, url: URL): Promise<void> {
  const request = pending.get(cookie(req));
  pending.delete(cookie(req));
  if (request === undefined) return redirect(res, home);
  const refusal = url.searchParams.get('error');
  if (refusal !== null) {
    const reason = url.searchParams.get('error_description') ?? refusal;
    return send(res, 403, appPage({ ...settings, error: `Connexion refusée : ${reason}` }));
  }
  const tokens = await oidc.authorizationCodeGrant(client, url, {
    pkceCodeVerifier: request.verifier,
    expectedState: request.state,
    expectedNonce: request.nonce,
  });
  const idToken = tokens.claims() as oidc.IDToken;
  const claims = await oidc.fetchUserInfo(client, tokens.access_token, idToken.sub);
  const id = randomBytes(24).toString('base64url');
  sessions.set(id, {
    sub: idToken.sub,
    sid: idToken.sid as string | undefined,
    idToken: tokens.id_token as string,
    claims: { ...idToken, ...claims },
  });
  redirect(res, home, id);
}

function logout(req: IncomingMessage, res: ServerResponse): void {
  const session = sessions.get(cookie(req));
  sessions.delete(cookie(req));
  if (session === undefined) {
    redirect(res, home);
    return;
  }
  const target = oidc.buildEndSessionUrl(client, {
    id_token_hint: session.idToken,
    post_logout_redirect_uri: home,
  });
  redirect(res, target.href);
}

/** OpenID Connect Back-Channel Logout 1.0 §2.5–2.6: the hub says that a member signed out. */
async function backchannelLogout(req: IncomingMessage, res: ServerResponse): Promise<void> {
  const token = new URLSearchParams(await body(req)).get('logout_token') ?? '';
  try {
    const { payload } = await jwtVerify(token, keys, {
      issuer: settings.issuer,
      audience: settings.clientId,
      typ: 'logout+jwt',
      requiredClaims: ['iat', 'jti', 'events', 'sub', 'sid'],
    });
    for (const [id, session] of sessions) {
      if (session.sub === payload.sub && session.sid === payload.sid) sessions.delete(id);
    }
    res.writeHead(200, { 'cache-control': 'no-store' }).end();
  } catch (error) {
    const description = (error as Error).message;
    res.writeHead(400, { 'content-type': 'application/json', 'cache-control': 'no-store' });
    res.end(JSON.stringify({ error: 'invalid_request', error_description: description }));
  }
}

async function body(req: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of req as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

function cookie(req: IncomingMessage): string {
  const match = new RegExp(`(?:^|; )${cookieName}=([\\w-]+)`).exec(req.headers.cookie ?? '');
  return match?.[1] ?? '';
}

function redirect(res: ServerResponse, location: string, sessionId?: string): void {
  const keep =
    sessionId === undefined
      ? {}
      : { 'set-cookie': `${cookieName}=${sessionId}; HttpOnly; SameSite=Lax; Path=/` };
  res.writeHead(303, { location, 'cache-control': 'no-store', ...keep }).end();
}

function send(res: ServerResponse, status: number, html: string): void {
  res
    .writeHead(status, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' })
    .end(html);
}

function required(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set`);
  return value;
}
