import { once } from 'node:events';
import { beforeAll, describe, expect, it } from 'vitest';
import { PASSWORD } from '../support/factories.ts';
import { costlyPackets } from './support/costly-packets.ts';
import { boundReader, ldapTo, READER_PASSWORD, useLieu } from './support/directory.ts';
import { element, encodeSearch } from './support/encode-request.ts';
import { longestStretch } from './support/longest-stretch.ts';

const { hub, lieu } = useLieu();

beforeAll(async () => {
  await lieu.group('bureau', [lieu.alice, lieu.bob]);
  // Three hundred at once: as rows they take no second.
  await hub.database.query(
    `WITH made AS (INSERT INTO persons (id) SELECT gen_random_uuid() FROM generate_series(1, 300) RETURNING id)
     INSERT INTO memberships (community_id, person_id, username, username_key, display_name)
     SELECT $1, id, 'p-' || id, 'p-' || id, 'Personne ' || id FROM made`,
    [lieu.community.id],
  );
  await hub.app.settle();
});

describe('one message within the size limit', () => {
  it.each(costlyPackets('o=lamyne'))(
    'keeps nobody waiting, whatever it is made of: $name',
    async ({ bytes, isBind, isOwn }) => {
      expect(bytes.length).toBeLessThan((isBind ? 64 : 512) * 1024);
      const client = await ldapTo(hub);
      if (isOwn) await client.bind(lieu.dnOf(lieu.alice), PASSWORD);
      else if (!isBind) await client.bind(lieu.cloud.readerDn, READER_PASSWORD);
      const socket = client.socket.removeAllListeners('data');
      const stretch = await longestStretch(async () => {
        socket.write(bytes);
        await Promise.race([once(socket, 'data'), client.closed]);
      });
      client.close();
      // The worst of them took two minutes.
      expect(stretch).toBeLessThan(250);
    },
  );
});

describe('a substrings filter', () => {
  const of = (...parts: Buffer[]) => {
    const sample = element(0x87, 'objectClass');
    const bytes = encodeSearch(9, lieu.base, '(objectClass=*)');
    const before = bytes.subarray(bytes.indexOf(0x63) + 2, bytes.indexOf(sample));
    const filter = element(0xa4, element(0x04, 'cn'), element(0x30, ...parts));
    const search = element(0x63, before, filter, element(0x30));
    return element(0x30, element(0x02, Buffer.of(9)), search);
  };

  it.each([
    ['initial', [element(0x80, '')]],
    ['between others', [element(0x80, 'a'), element(0x81, ''), element(0x82, 'b')]],
    ['final', [element(0x81, 'a'), element(0x82, '')]],
  ])('with an empty part is refused: %s', async (_, parts) => {
    const client = await boundReader(hub, lieu);
    client.send(of(...parts));
    await client.closed;
    expect(client.notices).toMatchObject([{ result: { code: 2, message: 'an empty substring' } }]);
  });

  it('of more parts than there may be is refused, however they are spread', async () => {
    const item = `(cn=*${'a*'.repeat(20)})`;
    const client = await boundReader(hub, lieu);
    expect((await client.search(lieu.base, `(|${item.repeat(50)})`)).code).toBe(0);
    client.search(lieu.base, `(|${item.repeat(51)})`).catch(() => {});
    await client.closed;
    expect(client.notices).toMatchObject([{ result: { code: 2, message: 'too many substrings' } }]);
  });
});

it('a value longer than any entry’s is neither true nor false of it (RFC 4511 §4.5.1.7)', async () => {
  const client = await boundReader(hub, lieu);
  const long = 'x'.repeat(8_193);
  for (const item of [`(cn=${long})`, `(cn=${long}*)`, `(cn:caseIgnoreMatch:=${long})`]) {
    const found = await client.search(lieu.base, `(|${item}(!${item}))`);
    expect([found.code, found.entries.length]).toEqual([0, 0]);
  }
  expect((await client.compare(lieu.dnOf(lieu.alice), 'cn', long)).code).toBe(21);
  client.close();
});

it('a search names no more attributes than three hundred', async () => {
  const client = await boundReader(hub, lieu);
  const attributes = Array(300).fill('cn');
  expect((await client.search(lieu.base, '(uid=alice)', { attributes })).entries).toHaveLength(1);
  client.search(lieu.base, '(uid=alice)', { attributes: [...attributes, 'cn'] }).catch(() => {});
  await client.closed;
  expect(client.notices).toMatchObject([{ result: { code: 2, message: 'too many attributes' } }]);
});
