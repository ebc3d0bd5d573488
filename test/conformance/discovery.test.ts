import { beforeAll, describe, expect, it } from 'vitest';
import { buildCommunity } from '../support/factories.ts';
import { startHub } from '../support/hub.ts';
import { useHub } from '../support/use-hub.ts';
import { json } from './answers.ts';

// Config OP: oidcc-discovery-endpoint-verification, and what apps read of discovery and the key set.

const hub = useHub({ community: {} });
let metadata: Record<string, unknown>;
let response: Response;

beforeAll(async () => {
  response = await fetch(`${hub.issuer}/.well-known/openid-configuration`);
  metadata = await json(response.clone());
});

describe('the discovery document', () => {
  it('is JSON, may be read by scripts of any site and kept for a while', () => {
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toMatch(/^application\/json/);
    expect(response.headers.get('access-control-allow-origin')).toBe('*');
    expect(response.headers.get('cache-control')).toMatch(/public, max-age=\d+/);
  });

  it('names the issuer that it was asked at, and no endpoint outside of it', () => {
    expect(metadata.issuer).toBe(hub.issuer);
    const endpoints = Object.entries(metadata).filter(([name]) => /_endpoint$|_uri$/.test(name));
    expect(endpoints.length).toBeGreaterThanOrEqual(9);
    for (const [name, url] of endpoints)
      expect([name, url]).toEqual([name, expect.stringContaining(`${hub.issuer}/oidc/`)]);
  });

  it('lists what the code flow needs', () => {
    expect(metadata).toMatchObject({
      response_types_supported: ['code'],
      subject_types_supported: ['public'],
      acr_values_supported: ['https://refeds.org/profile/sfa', 'https://refeds.org/profile/mfa'],
      code_challenge_methods_supported: ['S256'],
      claims_parameter_supported: true,
      request_uri_parameter_supported: false,
      authorization_response_iss_parameter_supported: true,
      backchannel_logout_supported: true,
      backchannel_logout_session_supported: true,
    });
    expect(metadata.response_modes_supported).toEqual(
      expect.arrayContaining(['query', 'form_post']),
    );
    expect(metadata.grant_types_supported).toEqual(
      expect.arrayContaining([
        'authorization_code',
        'refresh_token',
        'client_credentials',
        'urn:ietf:params:oauth:grant-type:device_code',
      ]),
    );
    expect(metadata.scopes_supported).toEqual(
      expect.arrayContaining(['openid', 'profile', 'email', 'offline_access', 'groups']),
    );
    expect(metadata.claims_supported).toEqual(
      expect.arrayContaining([
        'sub',
        'name',
        'preferred_username',
        'email',
        'email_verified',
        'acr',
      ]),
    );
  });

  it('does not promise addresses and telephone numbers, which the hub does not keep', () => {
    expect(metadata.scopes_supported).not.toEqual(expect.arrayContaining(['address']));
    expect(metadata.scopes_supported).not.toEqual(expect.arrayContaining(['phone']));
    expect(metadata.claims_supported).not.toEqual(expect.arrayContaining(['phone_number']));
  });

  it('puts RS256 first for apps that take the first, and promises no signed userinfo', () => {
    expect((metadata.id_token_signing_alg_values_supported as string[])[0]).toBe('RS256');
    expect(metadata).not.toHaveProperty('userinfo_signing_alg_values_supported');
  });

  it('offers both ways to send a client secret', () => {
    expect(metadata.token_endpoint_auth_methods_supported).toEqual(
      expect.arrayContaining(['client_secret_basic', 'client_secret_post']),
    );
  });

  it('says the same of introspection and revocation, where silence would mean basic alone (RFC 8414 §2)', () => {
    for (const endpoint of ['introspection', 'revocation'])
      expect(metadata[`${endpoint}_endpoint_auth_methods_supported`]).toEqual(
        metadata.token_endpoint_auth_methods_supported,
      );
  });

  it('gives a sign-out endpoint to which apps can blindly append a query', () => {
    expect(new URL(metadata.end_session_endpoint as string).search).toBe('');
  });

  it('is also there under the name that OAuth 2.0 gave it, and says the same', async () => {
    const oauth = await fetch(`${hub.issuer}/.well-known/oauth-authorization-server`);
    expect(await json(oauth)).toEqual(metadata);
  });

  it('has addresses in https where the hub is reached by https', async () => {
    const behindProxy = await startHub({ TROUSSEAU_URL: 'https://login.reseau.example' });
    const { slug } = await buildCommunity(behindProxy.database);
    const url = `http://127.0.0.1:${behindProxy.config.listen.port}/c/${slug}`;
    const { request } = await import('node:http');
    const body = await new Promise<string>((resolve, reject) => {
      request(
        `${url}/.well-known/openid-configuration`,
        { headers: { host: 'login.reseau.example' } },
        async (answer) => resolve((await answer.toArray()).join('')),
      )
        .on('error', reject)
        .end();
    });
    await behindProxy.stop();
    const endpoints = Object.entries(JSON.parse(body)).filter(([name]) =>
      /^issuer$|_endpoint$|_uri$/.test(name),
    );
    for (const [name, value] of endpoints)
      expect([name, value]).toEqual([name, expect.stringMatching(/^https:\/\/login\.reseau\./)]);
  });
});

describe('the key set', () => {
  it('has public signing keys only, each with an identifier of its own', async () => {
    const answer = await fetch(metadata.jwks_uri as string);
    expect(answer.headers.get('content-type')).toMatch(/^application\/(jwk-set\+)?json/);
    const { keys } = (await answer.json()) as { keys: Record<string, string>[] };
    expect(keys.map((key) => key.kty).sort()).toEqual(['EC', 'RSA']);
    expect(new Set(keys.map((key) => key.kid)).size).toBe(keys.length);
    for (const key of keys) {
      expect(key).toMatchObject({ use: 'sig', alg: expect.stringMatching(/^(RS|ES)256$/) });
      for (const secret of ['d', 'p', 'q', 'dp', 'dq', 'qi', 'k'])
        expect(key).not.toHaveProperty(secret);
    }
  });
});
