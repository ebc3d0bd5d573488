import { openChangeFeed } from '../../platform/database/change-feed.ts';
import type { Database } from '../../platform/database/database.ts';
import { type Finding, ok } from './finding.ts';

/** @throws AnnouncementsUnheardError when what others change would not be heard of */
export async function checkFeed(database: Database): Promise<Finding[]> {
  const { connection, listenConnection, isPooled } = database;
  const feed = await openChangeFeed({ connection, listenConnection, channels: [] });
  await feed.close();
  return [ok(`what is announced arrives${isPooled ? ' at DATABASE_LISTEN_URL' : ''}`)];
}
