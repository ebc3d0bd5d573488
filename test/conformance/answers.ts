import { expect, vi } from 'vitest';
import type { NewMember } from '../../src/domain/memberships/member-change.ts';
import type { ClientChange, ServiceChange } from '../../src/domain/services/service-change.ts';
import { Browser } from '../support/browser.ts';
import {
  type BuiltCommunity,
  type BuiltMember,
  buildCommunity,
  buildMember,
  buildService,
} from '../support/factories.ts';
import { startHub, type TestHub } from '../support/hub.ts';
import { RelyingParty } from '../support/relying-party.ts';

/** A hub with one community, and the makings of what the profiles' tests need: members, apps, browsers. */
export type HubUnderTest = {
  hub: TestHub;
  community: BuiltCommunity;
  issuer: string;
  newMember(values?: Partial<NewMember>): Promise<BuiltMember>;
  newApp(client?: ClientChange, service?: Partial<ServiceChange>): Promise<RelyingParty>;
  stop(): Promise<void>;
};

export async function startHubUnderTest(env: Record<string, string> = {}): Promise<HubUnderTest> {
  const hub = await startHub(env);
  const community = await buildCommunity(hub.database);
  return {
    hub,
    community,
    issuer: `${hub.url}/c/${community.slug}`,
    newMember: (values) => buildMember(hub.database, community.id, values),
    async newApp(client = {}, service = {}) {
      const built = await buildService(hub, community, service, client);
      const app = new RelyingParty(hub.url, community, built);
      await known(app, client.auth);
      return app;
    },
    stop: () => hub.stop(),
  };
}

/** The hub hears of a new service a moment after it is stored. */
async function known(app: RelyingParty, method: unknown = 'client_secret_basic'): Promise<void> {
  const { clientId, clientSecret } = app.service;
  const secret = method === 'client_secret_post' ? { client_secret: clientSecret } : undefined;
  const patience = { timeout: 15_000 };
  await vi.waitFor(async () => {
    const response = await fetch(`${app.issuer}/oidc/token/introspection`, {
      method: 'POST',
      headers: method === 'client_secret_basic' ? { authorization: app.basic() } : {},
      body: new URLSearchParams({ token: 'x', client_id: clientId, ...secret }),
    });
    expect(response.status).toBe(200);
  }, patience);
}

/** A browser that stops where it is sent to an app. */
export function newBrowser(headers: Record<string, string> = {}): Browser {
  return new Browser({
    headers,
    stopAt: (url) => !url.protocol.startsWith('http') || /\.example$|^127\./.test(url.hostname),
  });
}

/** The body of a JSON answer. */
export async function json(response: Response): Promise<Record<string, unknown>> {
  return (await response.json()) as Record<string, unknown>;
}
