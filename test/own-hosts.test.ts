import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createHostChecks, type HostChecks } from '../src/domain/hosts/check-host.ts';
import { addProvenHost, claimHost, releaseHost } from '../src/domain/hosts/claim-host.ts';
import { listHosts } from '../src/domain/hosts/list-hosts.ts';
import { lookAtHostsAgain } from '../src/domain/hosts/look-again.ts';
import { cleanUpExpired } from '../src/domain/retention/expiry-cleanup.ts';
import { readServices } from '../src/domain/services/service-rows.ts';
import { parseConfig } from '../src/platform/config/config.ts';
import { cloneDatabase, type TestDatabase } from './support/database.ts';
import { sealer } from './support/domain.ts';
import {
  type BuiltCommunity,
  buildCommunity,
  buildMember,
  buildService,
  changeCommunity,
} from './support/factories.ts';
import {
  claim,
  HUB_URL,
  type ProofPlace,
  setRecord,
  startProofPlace,
} from './support/host-proofs.ts';

const HOUR = 3_600_000;

let db: TestDatabase;
let place: ProofPlace;
let checks: HostChecks;
let mine: BuiltCommunity;
let other: BuiltCommunity;
let count = 0;
let host: string;

beforeAll(async () => {
  db = await cloneDatabase();
  place = await startProofPlace();
  checks = createHostChecks(db.database, place.parts);
});
beforeEach(async () => {
  [mine, other] = [await buildCommunity(db.database), await buildCommunity(db.database)];
  count += 1;
  host = `login.lieu${count}.example`;
});
afterAll(async () => {
  await place.stop();
  await db.drop();
});

const inTransaction: TestDatabase['database']['transaction'] = (work) =>
  db.database.transaction(work);
const statesOf = async ({ id }: BuiltCommunity) =>
  (await listHosts(db.database, id)).map((listed) => `${listed.host} ${listed.state} ${listed.by}`);
const eventsOf = async ({ id }: BuiltCommunity) =>
  (
    await db.database.query<{ type: string }>(
      `SELECT type FROM events WHERE community_id = $1 AND type LIKE 'host.%' ORDER BY id`,
      [id],
    )
  ).map(({ type }) => type);
const check = (of = mine, name = host) => checks.check(of.id, name, 'cli');

async function prove(of = mine, use = { web: true, ldap: true }): Promise<void> {
  const claimed = await claim(db.database, of.id, host, use);
  setRecord(place.resolver, claimed, claimed.token);
  await check(of);
}

describe('a host that a community claims', () => {
  it('counts when the record is there, and not before', async () => {
    const claimed = await claim(db.database, mine.id, host);
    expect(await check()).toMatchObject({ proof: undefined, dns: 'absent', file: 'absent' });
    setRecord(place.resolver, claimed, 'v=spf1 -all', `${claimed.token}x`);
    expect(await check()).toMatchObject({ proof: undefined, dns: 'other' });
    expect(await statesOf(mine)).toEqual([`${host} claimed null`]);
    setRecord(place.resolver, claimed, 'v=spf1 -all', claimed.token);
    expect(await check()).toMatchObject({ proof: 'dns' });
    expect(await statesOf(mine)).toEqual([`${host} proven dns`]);
    expect(await eventsOf(mine)).toEqual(['host.claimed', 'host.proven']);
  });

  it('is the issuer of services from then on; those of the path stay with it', async () => {
    const hub = { database: db.database, sealer, url: HUB_URL };
    const issuers = async () =>
      (await readServices(db.database, mine.id)).map(({ client }) => client?.issuer);
    await buildService(hub, mine);
    await prove();
    await buildService(hub, mine);
    expect(await issuers()).toEqual([`${HUB_URL}/c/${mine.slug}`, `https://${host}`]);
  });

  it('counts by a file at the host, too, on a line of its own', async () => {
    const { token } = await claim(db.database, mine.id, host);
    place.files.set(host, `see: ${token}`);
    expect(await check()).toMatchObject({ proof: undefined, file: 'other' });
    place.files.set(host, `another\r\n${token}\r\n`);
    expect(await check()).toMatchObject({ proof: 'file' });
    expect(await statesOf(mine)).toEqual([`${host} proven file`]);
  });

  it('counts as soon as the zone’s own server knows, whatever the resolver remembers', async () => {
    const claimed = await claim(db.database, mine.id, host);
    const domain = host.slice('login.'.length);
    place.resolver.records.set(domain, { NS: [`ns.${domain}`, `private.${domain}`] });
    place.resolver.records.set(`ns.${domain}`, { A: ['127.0.0.1'] });
    // Where a zone says that its server is elsewhere than it may be asked, nobody is asked.
    place.resolver.records.set(`private.${domain}`, { A: ['10.0.0.1'] });
    setRecord(place.zone, claimed, claimed.token);
    expect(await check()).toMatchObject({ proof: 'dns' });
    expect(place.zone.asked).toContain(`TXT _trousseau-challenge.${host}`);
  });

  it('is for what was said, and for the rest when that is said', async () => {
    await prove(mine, { web: false, ldap: true });
    const uses = async () =>
      (await listHosts(db.database, mine.id)).map(({ web, ldap }) => ({ web, ldap }));
    expect(await uses()).toEqual([{ web: false, ldap: true }]);
    const wanted = { host, web: true, ldap: false };
    const claimed = await inTransaction((tx) =>
      claimHost(tx, { communityId: mine.id, hubUrl: HUB_URL, reserved: [] }, wanted, 'cli'),
    );
    expect(claimed).toEqual({ host, claim: undefined });
    expect(await uses()).toEqual([{ web: true, ldap: true }]);
  });

  it('has one token, however often it is claimed; with another host, or another community, another', async () => {
    const first = await claim(db.database, mine.id, host, { web: true, ldap: false });
    const again = await claim(db.database, mine.id, ` ${host.toUpperCase()}.`, {
      web: false,
      ldap: true,
    });
    expect(again).toMatchObject({ token: first.token, web: true, ldap: true });
    const tokens = [
      first.token,
      (await claim(db.database, other.id, host)).token,
      (await claim(db.database, mine.id, `b.${host}`)).token,
    ];
    expect(new Set(tokens).size).toBe(3);
    expect(await eventsOf(mine)).toEqual(['host.claimed', 'host.claimed']);
  });

  it('goes after a week without a proof, and what was to be shown with it', async () => {
    const { token, expiresAt } = await claim(db.database, mine.id, host);
    const retention = parseConfig({}).retention;
    const at = (+(expiresAt as Date) - Date.now()) / HOUR / 24;
    expect(Math.round(at)).toBe(7);
    await cleanUpExpired(db.database, retention, { now: new Date(Date.now() + 6.9 * 24 * HOUR) });
    expect(await statesOf(mine)).toHaveLength(1);
    await cleanUpExpired(db.database, retention, { now: new Date(Date.now() + 7.1 * 24 * HOUR) });
    expect(await statesOf(mine)).toEqual([]);
    await expect(check()).rejects.toThrow(`there is no host "${host}" here`);
    expect((await claim(db.database, mine.id, host)).token).not.toBe(token);
  });

  it('stays when it is proven, however long', async () => {
    await prove();
    const now = new Date(Date.now() + 3_000 * 24 * HOUR);
    await cleanUpExpired(db.database, parseConfig({}).retention, { now });
    expect(await statesOf(mine)).toEqual([`${host} proven dns`]);
  });
});

describe('a host of somebody else', () => {
  it('may be claimed by several, and is proven by one', async () => {
    const [first, second] = [
      await claim(db.database, mine.id, host),
      await claim(db.database, other.id, host),
    ];
    setRecord(place.resolver, first, first.token, second.token);
    const outcomes = await Promise.allSettled([check(mine), check(other)]);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    const [lost] = outcomes.filter(({ status }) => status === 'rejected');
    expect((lost as PromiseRejectedResult).reason).toMatchObject({ code: 'host-taken' });
    const states = [...(await statesOf(mine)), ...(await statesOf(other))];
    expect(states.sort()).toEqual([`${host} claimed null`, `${host} proven dns`]);
  });

  it('is refused once it is proven, and nobody is told whose it is', async () => {
    await prove(other);
    const refused = claim(db.database, mine.id, host);
    await expect(refused).rejects.toMatchObject({ code: 'host-taken' });
    await expect(refused).rejects.not.toThrow(other.slug);
    const byOperator = inTransaction((tx) =>
      addProvenHost(
        tx,
        { communityId: mine.id, hubUrl: HUB_URL, reserved: [] },
        { host, web: false, ldap: true },
        'cli',
      ),
    );
    await expect(byOperator).rejects.toMatchObject({ code: 'host-taken' });
  });

  it('is shown by no record of another’s claim', async () => {
    const theirs = await claim(db.database, other.id, host);
    await claim(db.database, mine.id, host);
    setRecord(place.resolver, theirs, theirs.token);
    expect(await check(mine)).toMatchObject({ proof: undefined, dns: 'other' });
  });

  it('is neither checked nor removed by who does not claim it', async () => {
    await claim(db.database, other.id, host);
    await expect(check(mine)).rejects.toMatchObject({ name: 'NotFoundError' });
    const released = inTransaction((tx) =>
      releaseHost(tx, { communityId: mine.id, hubUrl: HUB_URL }, host, 'cli'),
    );
    await expect(released).rejects.toMatchObject({ name: 'NotFoundError' });
    expect(await statesOf(other)).toEqual([`${host} claimed null`]);
  });
});

describe('what there may be of them', () => {
  it('is twenty hosts and claims of a community', async () => {
    for (let n = 0; n < 20; n += 1) await claim(db.database, mine.id, `h${n}.${host}`);
    await expect(claim(db.database, mine.id, host)).rejects.toMatchObject({
      code: 'too-many-hosts',
    });
    await claim(db.database, other.id, host);
  });

  it('is twenty, too, where a thousand are claimed at once', async () => {
    const outcomes = await Promise.allSettled(
      Array.from({ length: 1_000 }, (_, n) => claim(db.database, mine.id, `h${n}.${host}`)),
    );
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(20);
    expect(await statesOf(mine)).toHaveLength(20);
  }, 60_000);

  it('is thirty checks in an hour of a community, and others’ are not held up', async () => {
    await claim(db.database, mine.id, host);
    await claim(db.database, other.id, host);
    await Promise.all(Array.from({ length: 30 }, () => check()));
    const asked = place.resolver.asked.length;
    await expect(check()).rejects.toMatchObject({ name: 'TooManyError' });
    expect(place.resolver.asked).toHaveLength(asked);
    await check(other);
  });
});

describe('a host that is removed', () => {
  const remove = () =>
    inTransaction((tx) => releaseHost(tx, { communityId: mine.id, hubUrl: HUB_URL }, host, 'cli'));

  it('is claimed no more, or the community’s no more, and others may prove it', async () => {
    await claim(db.database, mine.id, host);
    await remove();
    expect(await statesOf(mine)).toEqual([]);
    await prove();
    await remove();
    expect(await statesOf(mine)).toEqual([]);
    await prove(other);
    expect(await statesOf(other)).toEqual([`${host} proven dns`]);
    expect(await eventsOf(mine)).toEqual([
      'host.claimed',
      'host.released',
      'host.claimed',
      'host.proven',
      'host.released',
    ]);
  });

  it('stays while it is the issuer of a service', async () => {
    await prove();
    await buildService({ database: db.database, sealer, url: HUB_URL }, mine);
    await expect(remove()).rejects.toMatchObject({ code: 'host-issuer' });
    expect(await statesOf(mine)).toEqual([`${host} proven dns`]);
  });

  it('loses its proof when a file or a command takes it away, and a claim ends when they give it', async () => {
    const settings = { database: db.database, url: HUB_URL };
    await prove();
    await changeCommunity(settings, mine, { hosts: [], ldapHosts: [] });
    expect(await statesOf(mine)).toEqual([]);
    await claim(db.database, mine.id, host);
    await changeCommunity(settings, mine, { ldapHosts: [host] });
    expect(await statesOf(mine)).toEqual([`${host} proven operator`]);
  });
});

describe('a proof that is gone', () => {
  const look = (hours: number) =>
    lookAtHostsAgain(db.database, place.parts, { now: new Date(Date.now() + hours * HOUR) });
  const told = async () => {
    const rows = await db.database.query<{ to: string }>(
      `SELECT payload->>'to' AS to FROM outbox WHERE kind = 'mail' AND community_id = $1
         AND payload->>'template' = 'host-missed' ORDER BY 1`,
      [mine.id],
    );
    return rows.map(({ to }) => to);
  };
  const gone = () => setRecord(place.resolver, { host });

  it('is told to the admins when it was so twice, once, and removes nothing', async () => {
    const admin = await buildMember(db.database, mine.id, { role: 'admin' });
    await buildMember(db.database, mine.id);
    await prove();
    gone();
    await look(23);
    await look(25);
    expect([await told(), await eventsOf(mine)]).toEqual([[], ['host.claimed', 'host.proven']]);
    // It is not looked at again before six hours are over.
    await look(29);
    expect(await told()).toEqual([]);
    await look(32);
    await look(40);
    expect(await told()).toEqual([admin.email]);
    expect(await eventsOf(mine)).toEqual(['host.claimed', 'host.proven', 'host.missed']);
    expect(await statesOf(mine)).toEqual([`${host} proven dns`]);
  });

  it('is forgotten when it is back', async () => {
    const claimed = await claim(db.database, mine.id, host);
    setRecord(place.resolver, claimed, claimed.token);
    await check();
    gone();
    for (const hours of [25, 32]) await look(hours);
    setRecord(place.resolver, claimed, claimed.token);
    await look(40);
    expect((await eventsOf(mine)).slice(2)).toEqual(['host.missed', 'host.found']);
    const [listed] = await listHosts(db.database, mine.id);
    expect(listed?.claim).toMatchObject({ missingSince: null, toldAt: null });
  });

  it('is not gone when nobody answers', async () => {
    await buildMember(db.database, mine.id, { role: 'admin' });
    await prove();
    place.resolver.isBroken = true;
    try {
      for (const hours of [25, 50, 75]) await look(hours);
    } finally {
      place.resolver.isBroken = false;
    }
    expect(await told()).toEqual([]);
    const [listed] = await listHosts(db.database, mine.id);
    expect(listed?.claim?.missingSince).toBeNull();
  });

  it('may be shown in the other way', async () => {
    const claimed = await claim(db.database, mine.id, host);
    setRecord(place.resolver, claimed, claimed.token);
    await check();
    gone();
    place.files.set(host, claimed.token);
    expect(await look(25)).toBe(0);
    expect(await statesOf(mine)).toEqual([`${host} proven file`]);
  });
});
