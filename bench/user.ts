import { hash, randomBytes } from 'node:crypto';
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose';
import type { Dispatcher } from 'undici';
import { PlainGet } from './plain-get.ts';
import type { Target } from './target.ts';

export type Realm = Target['realms'][number] & { keys: ReturnType<typeof createLocalJWKSet> };

export async function openRealm(http: Dispatcher, realm: Target['realms'][number]): Promise<Realm> {
  const path = new URL(realm.issuer).pathname.replace(/\/$/, '');
  const metadata = await getJson(http, `${path}/.well-known/openid-configuration`);
  const keys = await getJson(http, new URL(metadata.jwks_uri as string).pathname);
  return { ...realm, keys: createLocalJWKSet(keys as unknown as JSONWebKeySet) };
}

async function getJson(http: Dispatcher, path: string): Promise<Record<string, string>> {
  const { statusCode, body } = await http.request({ method: 'GET', path });
  if (statusCode !== 200) throw new Error(`${path}: ${statusCode} ${await body.text()}`);
  return (await body.json()) as Record<string, string>;
}

type Answer = { status: number; location: string | undefined; text: string };

/** One member in one browser, with the app that they use. */
export class User {
  readonly #http: Dispatcher;
  readonly #realm: Realm;
  readonly #paths: Record<'auth' | 'token' | 'me' | 'discovery' | 'jwks', string>;
  readonly #cookies = new Map<string, { value: string; path: string }>();
  readonly #basic: string;
  #accessToken = '';
  #refreshToken = '';

  constructor(http: Dispatcher, realm: Realm) {
    this.#http = http;
    this.#realm = realm;
    const base = new URL(realm.issuer).pathname.replace(/\/$/, '');
    // The hub's endpoints stand under /oidc, the bare provider's at its root.
    const oidc = base === '' ? '' : `${base}/oidc`;
    this.#paths = {
      auth: `${oidc}/auth`,
      token: `${oidc}/token`,
      me: `${oidc}/me`,
      jwks: `${oidc}/jwks`,
      discovery: `${base}/.well-known/openid-configuration`,
    };
    this.#basic = `Basic ${Buffer.from(`${realm.clientId}:${realm.clientSecret}`).toString('base64')}`;
  }

  /** Signs in through the provider's pages, whatever forms they show, and keeps the tokens. */
  async signIn(username: string, password: string): Promise<void> {
    // Signed out, in the browser that they always use: the hub knows it again.
    for (const name of this.#cookies.keys())
      if (name !== 'trousseau_device') this.#cookies.delete(name);
    const verifier = randomBytes(32).toString('base64url');
    let path = this.#authorization(verifier);
    let answer = await this.#browse(path);
    for (let step = 0; step < 12; step += 1) {
      if (answer.location?.startsWith(this.#realm.redirectUri)) {
        await this.#redeem(new URL(answer.location).searchParams.get('code') as string, verifier);
        return;
      }
      if (answer.location !== undefined) {
        path = toPath(answer.location);
        answer = await this.#browse(path);
      } else {
        const form = readForm(answer.text);
        if (form === undefined) break;
        const fields = { ...form.fields, username, login: username, password, decision: 'allow' };
        path = toPath(form.action ?? path);
        answer = await this.#browse(path, new URLSearchParams(fields).toString());
      }
    }
    throw new Error(`sign-in stopped at ${path}: ${answer.status} ${answer.text.slice(0, 500)}`);
  }

  /** The round trip of single sign-on: authorize, code, token, ID token verified, userinfo. */
  async sso(): Promise<void> {
    const verifier = randomBytes(32).toString('base64url');
    const { location, status, text } = await this.#browse(this.#authorization(verifier));
    const code =
      location?.startsWith(this.#realm.redirectUri) && new URL(location).searchParams.get('code');
    if (!code) throw new Error(`no code: ${status} ${location} ${text.slice(0, 300)}`);
    await this.#redeem(code, verifier);
    await this.userinfo();
  }

  async userinfo(): Promise<void> {
    await this.#expect(200, 'GET', this.#paths.me, {
      authorization: `Bearer ${this.#accessToken}`,
    });
  }

  async refresh(): Promise<void> {
    this.#keep(
      await this.#token({ grant_type: 'refresh_token', refresh_token: this.#refreshToken }),
    );
  }

  async clientCredentials(): Promise<void> {
    await this.#token({ grant_type: 'client_credentials' });
  }

  /** A connection that asks for a document of the realm. */
  document(which: 'discovery' | 'jwks'): PlainGet {
    return new PlainGet(new URL(this.#realm.issuer).origin, this.#paths[which]);
  }

  async #redeem(code: string, verifier: string): Promise<void> {
    const tokens = await this.#token({
      grant_type: 'authorization_code',
      code,
      redirect_uri: this.#realm.redirectUri,
      code_verifier: verifier,
    });
    await jwtVerify(tokens.id_token as string, this.#realm.keys, {
      issuer: this.#realm.issuer,
      audience: this.#realm.clientId,
    });
    this.#keep(tokens);
  }

  #keep(tokens: Record<string, string>): void {
    this.#accessToken = tokens.access_token as string;
    this.#refreshToken = tokens.refresh_token as string;
  }

  async #token(fields: Record<string, string>): Promise<Record<string, string>> {
    const headers = {
      authorization: this.#basic,
      'content-type': 'application/x-www-form-urlencoded',
    };
    const text = await this.#expect(
      200,
      'POST',
      this.#paths.token,
      headers,
      new URLSearchParams(fields).toString(),
    );
    return JSON.parse(text);
  }

  async #expect(
    status: number,
    method: 'GET' | 'POST',
    path: string,
    headers = {},
    body?: string,
  ): Promise<string> {
    const response = await this.#http.request({ method, path, headers, body });
    const text = await response.body.text();
    if (response.statusCode !== status)
      throw new Error(`${path}: ${response.statusCode} ${text.slice(0, 300)}`);
    return text;
  }

  #authorization(verifier: string): string {
    const query = new URLSearchParams({
      client_id: this.#realm.clientId,
      redirect_uri: this.#realm.redirectUri,
      response_type: 'code',
      scope: 'openid profile email',
      state: randomBytes(8).toString('hex'),
      nonce: randomBytes(8).toString('hex'),
      code_challenge: hash('sha256', verifier, 'base64url'),
      code_challenge_method: 'S256',
    });
    return `${this.#paths.auth}?${query}`;
  }

  /** One request of the browser, with its cookies; redirects are not followed. */
  async #browse(path: string, form?: string): Promise<Answer> {
    const cookie = [...this.#cookies]
      .filter(([, kept]) => path.startsWith(kept.path))
      .map(([name, kept]) => `${name}=${kept.value}`)
      .join('; ');
    const headers: Record<string, string> = {
      accept: 'text/html',
      ...(cookie === '' ? {} : { cookie }),
    };
    if (form !== undefined) headers['content-type'] = 'application/x-www-form-urlencoded';
    const response = await this.#http.request({
      method: form === undefined ? 'GET' : 'POST',
      path,
      headers,
      body: form,
    });
    for (const line of [response.headers['set-cookie'] ?? []].flat()) this.#setCookie(line);
    const location = response.headers.location as string | undefined;
    return { status: response.statusCode, location, text: await response.body.text() };
  }

  #setCookie(line: string): void {
    const [, name, value] = /^([^=]+)=([^;]*)/.exec(line) as RegExpExecArray;
    const path = /;\s*path=([^;]+)/i.exec(line)?.[1] ?? '/';
    if (value === '' || /expires=Thu, 01 Jan 1970/i.test(line))
      this.#cookies.delete(name as string);
    else this.#cookies.set(name as string, { value: value as string, path });
  }
}

function toPath(location: string): string {
  const url = new URL(location, 'http://localhost');
  return url.pathname + url.search;
}

function readForm(
  html: string,
): { action: string | undefined; fields: Record<string, string> } | undefined {
  const main = /<main[\s\S]*<\/main>/.exec(html)?.[0] ?? html;
  const form = /<form[^>]*>[\s\S]*?<\/form>/.exec(main)?.[0];
  if (form === undefined) return undefined;
  const fields: Record<string, string> = {};
  for (const [input] of form.matchAll(/<input[^>]*>/g)) {
    const name = /name="([^"]*)"/.exec(input)?.[1];
    if (name !== undefined) fields[name] = /value="([^"]*)"/.exec(input)?.[1] ?? '';
  }
  return { action: /action="([^"]*)"/.exec(form)?.[1], fields };
}
