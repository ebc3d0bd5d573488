// The bare oidc-provider with its in-memory adapter, set up as the hub sets up its own: the same keys,
// claims, lifetimes and rotation, one client, every login accepted. Says its port once it listens.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair } from 'jose';
import { Provider } from 'oidc-provider';
import { CLAIMS_BY_SCOPE } from '../src/oidc/claims.ts';

const algs = ['RS256', 'ES256'] as const;
const keys = await Promise.all(
  algs.map(async (alg) => {
    const { privateKey } = await generateKeyPair(alg, { extractable: true });
    return { ...(await exportJWK(privateKey)), alg, use: 'sig', kid: alg };
  }),
);
const server = createServer();
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
const { port } = server.address() as AddressInfo;
const issuer = `http://localhost:${port}`;

const provider = new Provider(issuer, {
  jwks: { keys },
  clients: [
    {
      client_id: 'bench',
      client_secret: 'bench-secret-bench-secret-bench-secret',
      redirect_uris: ['https://bench.example/callback'],
      grant_types: ['authorization_code', 'refresh_token', 'client_credentials'],
      response_types: ['code'],
    },
  ],
  responseTypes: ['code'],
  scopes: [...Object.keys(CLAIMS_BY_SCOPE), 'offline_access'],
  claims: CLAIMS_BY_SCOPE,
  conformIdTokenClaims: false,
  enabledJWA: { idTokenSigningAlgValues: [...algs] },
  features: {
    devInteractions: { enabled: true },
    dPoP: { enabled: false },
    resourceIndicators: { enabled: false },
    backchannelLogout: { enabled: true },
    claimsParameter: { enabled: true },
    clientCredentials: { enabled: true },
    introspection: { enabled: true },
    revocation: { enabled: true },
    deviceFlow: { enabled: true },
  },
  cookies: { keys: ['a key of the benchmark'] },
  rotateRefreshToken: true,
  issueRefreshToken: async (_ctx, client) => client.grantTypeAllowed('refresh_token'),
  ttl: {
    AccessToken: 3600,
    AuthorizationCode: 60,
    IdToken: 3600,
    Interaction: 3600,
    Session: 1209600,
    Grant: 31536000,
    RefreshToken: 2592000,
    ClientCredentials: 600,
  },
  findAccount: (_ctx, id) => ({
    accountId: id,
    claims: () => ({
      sub: id,
      name: `Prénom ${id}`,
      preferred_username: id,
      updated_at: 1_700_000_000,
      email: `${id}@lieu.example`,
      email_verified: true,
    }),
  }),
});
server.on('request', provider.callback());
process.send?.({ port });
process.on('disconnect', () => process.exit(0));
