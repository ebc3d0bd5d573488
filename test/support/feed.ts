import { type ChangeFeed, openChangeFeed } from '../../src/platform/database/change-feed.ts';
import type { Database } from '../../src/platform/database/database.ts';

/** What a database announces to workers. */
export function openOutboxFeed(database: Database): Promise<ChangeFeed> {
  const { connection } = database;
  return openChangeFeed({ connection, channels: ['trousseau_outbox'] });
}
