import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createAppPassword } from '../../src/domain/app-passwords/app-password.ts';
import { giveTotp } from '../support/belongings.ts';
import { PASSWORD } from '../support/factories.ts';
import type { TestHub } from '../support/hub.ts';
import { useHub } from '../support/use-hub.ts';
import { buildLieu, LDAP, type Lieu, ldapTo } from './support/directory.ts';
import { element } from './support/encode-request.ts';

const hub = useHub({ env: LDAP });
let sibling: TestHub;
let lieu: Lieu;

beforeAll(async () => {
  sibling = await hub.sibling();
});
afterAll(() => sibling.stop());

let counter = 0;
beforeEach(async () => {
  counter += 1;
  lieu = await buildLieu(hub, { slug: `lieu-facteur-${counter}` });
  await hub.app.settle();
});

const addTotp = () => giveTotp(hub, lieu.alice);

/** The code that a bind with alice's own password is answered with. */
async function bindCode(password = PASSWORD, at = hub): Promise<number> {
  const client = await ldapTo(at);
  const result = await client.bind(lieu.dnOf(lieu.alice), password);
  client.close();
  return result.code;
}

describe("a bind with somebody's own password", () => {
  it('is refused like a wrong one once they have a second factor', async () => {
    expect(await bindCode()).toBe(0);
    await addTotp();
    await hub.app.settle();
    expect(await bindCode()).toBe(49);
    expect(await bindCode('a wrong password altogether')).toBe(49);
  });

  it('ends on every process within a second, though it was proven a moment ago (row 25)', async () => {
    const bound = await Promise.all(
      [hub, sibling].map(async (at) => {
        const client = await ldapTo(at);
        expect((await client.bind(lieu.dnOf(lieu.alice), PASSWORD)).code).toBe(0);
        return client;
      }),
    );
    await addTotp();
    await expect
      .poll(
        async () => {
          const answers = bound.map((client) => client.search(lieu.base, '(uid=alice)'));
          return (await Promise.all(answers)).map(({ code }) => code);
        },
        { timeout: 1_000 },
      )
      .toEqual([50, 50]);
    expect([await bindCode(PASSWORD, hub), await bindCode(PASSWORD, sibling)]).toEqual([49, 49]);
    for (const client of bound) client.close();
  });

  it('is refused where the community asks for a second factor, from the day that it does', async () => {
    await hub.database.query(
      `UPDATE communities SET second_factor = 'all', second_factor_from = now() + interval '1 day' WHERE id = $1`,
      [lieu.community.id],
    );
    await hub.app.settle();
    expect(await bindCode()).toBe(0);
    await hub.database.query(
      `UPDATE communities SET second_factor_from = now() - interval '1 day' WHERE id = $1`,
      [lieu.community.id],
    );
    await hub.app.settle();
    expect(await bindCode()).toBe(49);
  });

  it('leaves app passwords as they are', async () => {
    await addTotp();
    const { secret } = await hub.database.transaction((tx) =>
      createAppPassword(
        tx,
        lieu.community.id,
        { subject: lieu.alice.subject, serviceId: lieu.cloud.id, name: 'téléphone' },
        'cli',
      ),
    );
    await hub.app.settle();
    expect(await bindCode(secret)).toBe(0);
    const client = await ldapTo(hub);
    await client.bind(lieu.dnOf(lieu.alice), secret);
    const value = element(
      0x30,
      element(0x81, PASSWORD),
      element(0x82, 'sept oignons et une brouette'),
    );
    expect((await client.extended('1.3.6.1.4.1.4203.1.11.1', value)).code).toBe(53);
    client.close();
  });
});
