import { hash, randomBytes } from 'node:crypto';
import { createRemoteJWKSet, type JWTPayload, jwtVerify } from 'jose';
import type { Browser, Page } from './browser.ts';
import type { BuiltCommunity, BuiltService } from './factories.ts';
import { PASSWORD } from './factories.ts';

export type Tokens = {
  access_token: string;
  id_token: string;
  refresh_token?: string;
  expires_in: number;
  scope: string;
  token_type: string;
};

/** An app as the protocol's texts describe it, so that tests can also do what no library would. */
export class RelyingParty {
  readonly issuer: string;
  readonly service: BuiltService;
  readonly verifier = randomBytes(32).toString('base64url');

  constructor(hubUrl: string, community: BuiltCommunity, service: BuiltService) {
    this.issuer = `${hubUrl}/c/${community.slug}`;
    this.service = service;
  }

  authorizationUrl(params: Record<string, string | undefined> = {}): string {
    const url = new URL(`${this.issuer}/oidc/auth`);
    const all = {
      client_id: this.service.clientId,
      redirect_uri: this.service.redirectUri,
      response_type: 'code',
      scope: 'openid profile email',
      state: 'the-state',
      nonce: 'the-nonce',
      code_challenge: hash('sha256', this.verifier, 'base64url'),
      code_challenge_method: 'S256',
      ...params,
    };
    for (const [name, value] of Object.entries(all))
      if (value !== undefined) url.searchParams.set(name, value);
    return url.href;
  }

  /** Goes through sign-in and the notice or question of consent as they come, back to the app. */
  async signIn(
    browser: Browser,
    username: string,
    params: Record<string, string | undefined> = {},
    password = PASSWORD,
  ): Promise<URLSearchParams> {
    let page = await browser.open(this.authorizationUrl(params));
    for (let step = 0; step < 4 && !this.isBack(page); step += 1) {
      if (page.document.querySelector('#login-form') !== null) {
        page = await browser.submit(page, '#login-form', { username, password });
      } else if (page.document.querySelector('#consent-form') !== null) {
        page = await browser.submit(page, '#consent-form', {}, '#consent-allow');
      }
    }
    return this.answer(page);
  }

  isBack(page: Page): boolean {
    return page.url.startsWith(this.service.redirectUri);
  }

  answer(page: Page): URLSearchParams {
    if (!this.isBack(page))
      throw new Error(
        `not back at the app but at ${page.url} (${page.status}):\n${page.text.slice(0, 1500)}`,
      );
    return new URL(page.url).searchParams;
  }

  post(
    path: string,
    fields: Record<string, string>,
    headers: Record<string, string> = {},
  ): Promise<Response> {
    return fetch(`${this.issuer}${path}`, {
      method: 'POST',
      headers: { authorization: this.basic(), ...headers },
      body: new URLSearchParams(fields),
    });
  }

  basic(): string {
    const { clientId, clientSecret } = this.service;
    return `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`;
  }

  redeem(code: string, fields: Record<string, string> = {}): Promise<Response> {
    return this.post('/oidc/token', {
      grant_type: 'authorization_code',
      code,
      redirect_uri: this.service.redirectUri,
      code_verifier: this.verifier,
      ...fields,
    });
  }

  async tokens(answer: URLSearchParams): Promise<Tokens> {
    const response = await this.redeem(answer.get('code') as string);
    const body = await response.json();
    if (response.status !== 200)
      throw new Error(`token endpoint: ${response.status} ${JSON.stringify(body)}`);
    return body as Tokens;
  }

  refresh(refreshToken: string, fields: Record<string, string> = {}): Promise<Response> {
    return this.post('/oidc/token', {
      grant_type: 'refresh_token',
      refresh_token: refreshToken,
      ...fields,
    });
  }

  userinfo(accessToken: string): Promise<Response> {
    return fetch(`${this.issuer}/oidc/me`, { headers: { authorization: `Bearer ${accessToken}` } });
  }

  async idToken(tokens: Tokens): Promise<JWTPayload & Record<string, unknown>> {
    const keys = createRemoteJWKSet(new URL(`${this.issuer}/oidc/jwks`));
    const { payload } = await jwtVerify(tokens.id_token, keys, {
      issuer: this.issuer,
      audience: this.service.clientId,
    });
    return payload;
  }
}
