import { beforeAll, expect, it } from 'vitest';
import { buildGroup, buildMember } from '../support/factories.ts';
import { boundReader, useLieu, useReader } from './support/directory.ts';
import type { LdapClient } from './support/ldap-client.ts';
import { seededRandom } from './support/mutate.ts';

const ROUNDS = Number(process.env.CHANGES_ROUNDS ?? 12);
const CHANGES = 12;

/** A directory that has followed every change is the same as one that was read just now. */
const { hub, lieu } = useLieu();
const follower = useReader(hub, lieu);
const seed = Number(process.env.CHANGES_SEED ?? Date.now() % 1e6);
const random = seededRandom(seed);
const upTo = (n: number) => Math.floor(random() * n);
const pick = <Item>(items: readonly Item[]): Item => items[upTo(items.length)] as Item;

beforeAll(async () => {
  for (let n = 0; n < 25; n += 1) await buildMember(hub.database, lieu.community.id);
  for (let n = 0; n < 8; n += 1) await buildGroup(hub.database, lieu.community.id);
});

const rows = <Row>(sql: string) => hub.database.query<Row>(sql, [lieu.community.id]);
const subjects = async () =>
  (
    await rows<{ subject: string }>(
      'SELECT subject FROM memberships WHERE community_id = $1 ORDER BY 1',
    )
  ).map(({ subject }) => subject);
const groups = async () =>
  (await rows<{ id: string }>('SELECT id FROM groups WHERE community_id = $1 ORDER BY 1')).map(
    ({ id }) => id,
  );

/** Straight to the rows: the announcements are the database's own, whoever writes. */
const CHANGE: (() => Promise<unknown>)[] = [
  () => buildMember(hub.database, lieu.community.id),
  async () => setOne('status', pick(['active', 'suspended', 'left', 'requested'])),
  async () => setOne('display_name', `Nom ${upTo(1e6)}`),
  swap('username', 'username_key'),
  swap('email_key'),
  async () =>
    buildGroup(hub.database, lieu.community.id, `g${upTo(1e6)}`, [pick(await subjects())]),
  async () => {
    const all = await groups();
    if (all.length > 4)
      await run('DELETE FROM groups WHERE community_id = $1 AND id = $2', pick(all));
  },
  async () => {
    const [one, other] = [pick(await groups()), pick(await groups())];
    if (one === other) return;
    await run("UPDATE groups SET name_key = 'between' WHERE community_id = $1 AND id = $2", one);
    await hub.database.query(
      `WITH old AS (SELECT id, name FROM groups WHERE community_id = $1 AND id = ANY($2::uuid[]))
       UPDATE groups g SET name = o.name FROM old o
       WHERE g.community_id = $1 AND g.id = ANY($2::uuid[]) AND o.id <> g.id`,
      [lieu.community.id, [one, other]],
    );
    await run(
      'UPDATE groups SET name_key = lower(name) WHERE community_id = $1 AND id = $2',
      other,
    );
    await run('UPDATE groups SET name_key = lower(name) WHERE community_id = $1 AND id = $2', one);
  },
  ...Array.from({ length: 4 }, () => async () => {
    await hub.database.query(
      'INSERT INTO group_members (community_id, group_id, subject) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING',
      [lieu.community.id, pick(await groups()), pick(await subjects())],
    );
  }),
  async () =>
    run(
      'DELETE FROM group_members WHERE community_id = $1 AND subject = $2',
      pick(await subjects()),
    ),
  async () => {
    const [parent, child] = [pick(await groups()), pick(await groups())];
    // From the lower id to the higher: no circle can come of it.
    if (parent >= child) return;
    await hub.database.query(
      'INSERT INTO group_nestings (community_id, parent_id, child_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING',
      [lieu.community.id, parent, child],
    );
  },
  async () =>
    run(
      'DELETE FROM group_nestings WHERE community_id = $1 AND child_id = $2',
      pick(await groups()),
    ),
  async () =>
    hub.database.query(
      `INSERT INTO accounts (community_id, service_id, subject, state) VALUES ($1, $2, $3, $4)
       ON CONFLICT (community_id, service_id, subject) DO UPDATE SET state = $4`,
      [lieu.community.id, lieu.cloud.id, pick(await subjects()), pick(['active', 'blocked'])],
    ),
];

function run(sql: string, id: string): Promise<unknown> {
  return hub.database.query(sql, [lieu.community.id, id]);
}
async function setOne(column: string, value: string): Promise<unknown> {
  return hub.database.query(
    `UPDATE memberships SET ${column} = $3 WHERE community_id = $1 AND subject = $2`,
    [lieu.community.id, pick(await subjects()), value],
  );
}
/** Two people exchange what must be unique, in three steps and one transaction. */
function swap(...columns: string[]) {
  return async () => {
    const [one, other] = [pick(await subjects()), pick(await subjects())];
    if (one === other) return;
    await hub.database.transaction(async (tx) => {
      const where = 'community_id = $1 AND subject = $2';
      const read = (subject: string) =>
        tx.query(`SELECT ${columns.join(', ')}, email, person_id FROM memberships WHERE ${where}`, [
          lieu.community.id,
          subject,
        ]);
      const [a] = await read(one);
      const [b] = await read(other);
      if (columns[0] === 'email_key' && (a.email === null || b.email === null)) return;
      const write = (subject: string, values: string[]) =>
        tx.query(
          `UPDATE memberships SET ${columns.map((name, n) => `${name} = $${n + 3}`).join(', ')} WHERE ${where}`,
          [lieu.community.id, subject, ...values],
        );
      await write(
        one,
        columns.map((_, n) => `between${n}`),
      );
      await write(
        other,
        columns.map((name) => a[name]),
      );
      await write(
        one,
        columns.map((name) => b[name]),
      );
    });
  };
}

/** All that a reader sees, and what its indexes find. */
async function seen(client: LdapClient): Promise<string[]> {
  const whole = await client.search(lieu.base, '(objectClass=*)', { attributes: ['*', '+'] });
  expect(whole.code).toBe(0);
  const lines = whole.entries.map(({ dn, attributes }) =>
    JSON.stringify([dn, [...attributes].map(([name, values]) => [name, [...values].sort()])]),
  );
  for (const { dn, attributes } of whole.entries) {
    const uid = attributes.get('uid')?.[0];
    const filter =
      uid !== undefined
        ? `(|(&(uid=${uid})(entryUUID=${attributes.get('entryUUID')?.[0]}))(mail=${attributes.get('mail')?.[0]}))`
        : dn.includes('ou=groups,')
          ? `(|(memberOf=${dn})(cn=${attributes.get('cn')?.[0]}))`
          : '(objectClass=organization)';
    const found = await client.search(lieu.base, filter, { attributes: ['1.1'] });
    lines.push(`${filter} ${found.entries.map((entry) => entry.dn).sort()}`);
  }
  return lines.sort();
}

it('whatever changes, in whatever order, what is followed and what is read anew are the same', async () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    // Some at once, so that announcements overlap with what is being read.
    for (let n = 0; n < CHANGES; n += 3) {
      const attempts = [0, 1, 2].map(() => pick(CHANGE)());
      for (const { status, reason } of (await Promise.allSettled(
        attempts,
      )) as PromiseRejectedResult[]) {
        // Two that touch the same rows may refuse each other; anything else is a fault of the test.
        if (status === 'rejected')
          expect(['23505', '23503', '40P01', '23514']).toContain(
            reason.code ?? reason.driverError?.code,
          );
      }
    }
    await hub.app.settle();
    const fresh = await hub.sibling();
    const client = await boundReader(fresh, lieu);
    expect(await seen(follower), `CHANGES_SEED=${seed}`).toEqual(await seen(client));
    client.close();
    await fresh.stop();
  }
});
