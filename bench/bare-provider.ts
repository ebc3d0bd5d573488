// The bare oidc-provider with its in-memory adapter, set up as the hub sets up its own: the same keys,
// claims, lifetimes and rotation, one client, every login accepted. Says its port once it listens.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { exportJWK, generateKeyPair } from 'jose';
import { Provider } from 'oidc-provider';
import { CLAIMS_BY_SCOPE } from '../src/protocols/oidc/claims.ts';

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
    devInteractions: { enabled: false },
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
const protocol = provider.callback();
server.on('request', (req, res) => {
  if (!req.url?.startsWith('/interaction/')) return protocol(req, res);
  interact(req, res).catch((error: Error) => res.writeHead(500).end(error.stack));
});

/** A form that asks for a name, and a yes to every consent: only to set sessions up. */
async function interact(req: IncomingMessage, res: ServerResponse): Promise<void> {
  const { prompt, params, session, grantId } = await provider.interactionDetails(req, res);
  if (prompt.name === 'login') {
    if (req.method !== 'POST') {
      res.setHeader('content-type', 'text/html');
      res.end('<form method="post"><input name="username"></form>');
      return;
    }
    const accountId = new URLSearchParams(await text(req)).get('username') ?? '';
    await provider.interactionFinished(req, res, { login: { accountId } });
    return;
  }
  const accountId = session?.accountId as string;
  const grant =
    (grantId === undefined ? undefined : await provider.Grant.find(grantId)) ??
    new provider.Grant({ accountId, clientId: params.client_id as string });
  grant.addOIDCScope(params.scope as string);
  const consent = { grantId: await grant.save() };
  await provider.interactionFinished(req, res, { consent }, { mergeWithLastSubmission: true });
}
process.send?.({ port });
process.on('disconnect', () => process.exit(0));
