import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createHostChecks } from '../src/domain/hosts/check-host.ts';
import { addProvenHost } from '../src/domain/hosts/claim-host.ts';
import { sendRaw } from './security/raw-request.ts';
import { Browser } from './support/browser.ts';
import { claim, type ProofPlace, setRecord, startProofPlace } from './support/host-proofs.ts';
import { useHub } from './support/use-hub.ts';

const HOST = 'login.lieu.example';
const PROOF = '/.well-known/trousseau-challenge.txt';
const DISCOVERY = '/.well-known/openid-configuration';

const hub = useHub({ member: {}, client: {}, neighbour: {} });
let place: ProofPlace;
beforeAll(async () => {
  place = await startProofPlace(hub.url);
});
afterAll(() => place.stop());

const ask = (path: string, host = HOST) => sendRaw(hub, path, { headers: { host } });
const claimAs = ({ id }: { id: string }, host: string, ldapOnly = false) =>
  claim(hub.database, id, host, { web: !ldapOnly, ldap: true }, hub.url);
const check = async ({ id }: { id: string }, host: string) => {
  await createHostChecks(hub.database, place.parts).check(id, host, 'cli');
  await hub.app.settle();
};

describe('a host that is claimed', () => {
  it('is not served, and proves nothing by itself', async () => {
    const { token } = await claimAs(hub.community, HOST);
    expect((await ask('/')).status).toBe(421);
    expect((await ask(PROOF)).status).toBe(421);
    const own = await sendRaw(hub, `/c/${hub.community.slug}${PROOF}`);
    expect([own.status, own.text.includes(token)]).toEqual([404, false]);
  });

  it('has the community’s pages at its root once it is proven, and is its issuer', async () => {
    const claimed = await claimAs(hub.community, HOST);
    setRecord(place.resolver, claimed, claimed.token);
    await check(hub.community, HOST);
    expect((await ask('/login')).status).toBe(200);
    expect(JSON.parse((await ask(DISCOVERY)).text).issuer).toBe(`https://${HOST}`);
  });

  it('says itself, then, what showed it, so that the record may go', async () => {
    const { token } = await claimAs(hub.neighbour, 'login.voisin.example');
    setRecord(place.resolver, { host: 'login.voisin.example' }, token);
    await check(hub.neighbour, 'login.voisin.example');
    const answer = await ask(PROOF, 'login.voisin.example');
    expect([answer.status, answer.text, answer.headers['content-type']]).toEqual([
      200,
      `${token}\n`,
      'text/plain; charset=utf-8',
    ]);
    expect((await ask(PROOF)).text).not.toBe(answer.text);
  });

  it('has no pages where it is for LDAP alone', async () => {
    const claimed = await claimAs(hub.community, 'ldap.lieu.example', true);
    setRecord(place.resolver, claimed, claimed.token);
    await check(hub.community, 'ldap.lieu.example');
    expect((await ask('/', 'ldap.lieu.example')).status).toBe(421);
  });
});

describe('passkeys of the hub', () => {
  it('are for hosts that the operator gave, not for those that a community proved', async () => {
    const host = 'passkeys.lieu.example';
    const origins = async () =>
      JSON.parse((await sendRaw(hub, '/.well-known/webauthn')).text).origins as string[];
    const claimed = await claimAs(hub.community, host);
    setRecord(place.resolver, claimed, claimed.token);
    await check(hub.community, host);
    expect((await ask('/login', host)).status).toBe(200);
    expect(await origins()).not.toContain(`https://${host}`);
    const given = { communityId: hub.community.id, hubUrl: hub.url, reserved: [] };
    await hub.database.transaction((tx) =>
      addProvenHost(tx, given, { host, web: true, ldap: false }, 'cli'),
    );
    expect(await origins()).toContain(`https://${host}`);
  });
});

describe('a service of before', () => {
  it('knows its people by the same subject, at the issuer that it was registered with', async () => {
    const newBrowser = () =>
      new Browser({ stopAt: ({ hostname }) => hostname.endsWith('.example') });
    const subject = async () => {
      const answer = await hub.client.signIn(newBrowser(), hub.member.username);
      const token = await hub.client.idToken(await hub.client.tokens(answer));
      return { sub: token.sub, iss: token.iss };
    };
    const before = await subject();
    const host = 'second.lieu.example';
    const claimed = await claimAs(hub.community, host);
    setRecord(place.resolver, claimed, claimed.token);
    await check(hub.community, host);
    expect((await ask('/login', host)).status).toBe(200);
    expect(await subject()).toEqual(before);
    expect(before).toEqual({ sub: hub.member.subject, iss: hub.issuer });
  });
});
