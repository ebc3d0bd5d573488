import { expect, it } from 'vitest';
import { openChangeFeed } from '../../src/platform/database/change-feed.ts';
import type { Database } from '../../src/platform/database/database.ts';
import { createDirectories } from '../../src/protocols/ldap/directory/directories.ts';
import { buildGroup } from '../support/factories.ts';
import { useLieu } from './support/directory.ts';

const { hub, lieu } = useLieu();

it('a group that comes and goes while its members are being read does not hold the reading up', async () => {
  const channels = ['trousseau_community', 'trousseau_sign_in'];
  const feed = await openChangeFeed({ connection: hub.database.connection, channels });
  let statements = 0;
  // The real database; between the first page of people and the next statement the group is gone.
  const database: Database = {
    ...hub.database,
    async query(sql, params, name) {
      statements += 1;
      if (name !== 'ldap-people' || statements > 3) return hub.database.query(sql, params, name);
      const { id } = await buildGroup(hub.database, lieu.community.id, 'eclair', [
        lieu.alice.subject,
      ]);
      const rows = await hub.database.query(sql, params, name);
      await hub.database.query('DELETE FROM groups WHERE id = $1', [id]);
      // biome-ignore lint/suspicious/noExplicitAny: rows are typed by the caller
      return rows as any;
    },
  };
  const errors: unknown[] = [];
  const directories = createDirectories({ database, feed, onError: (each) => errors.push(each) });
  const directory = await directories.get(lieu.community.id);
  expect(directory.peopleByUid.get('alice')?.groups).toEqual([]);
  expect(directory.groupsByName.size).toBe(0);
  expect(errors).toEqual([]);
  directories.stop();
  await feed.close();
}, 15_000);
