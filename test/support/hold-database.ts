// A stand-in for a hub or a command: opens the database of a data folder and writes rows one after the
// other until it is told to stop (`close`, or `exit` without closing), saying on its output what was acknowledged.
// usage: node hold-database.ts DATA_FOLDER hub|command
import { setTimeout as sleep } from 'node:timers/promises';
import { openHubDatabase } from '../../src/platform/database/open-hub-database.ts';

const [dataFolder, purpose] = process.argv.slice(2) as [string, 'hub' | 'command'];
const say = (message: object) => process.stdout.write(`${JSON.stringify(message)}\n`);
const log = { info: () => {}, warn: (warning: string) => say({ warning }) };

try {
  const { database, ownsDatabase, close } = await openHubDatabase(
    { dataFolder, databaseUrl: undefined },
    { purpose, log },
  );
  let closing = false;
  const stop = async () => {
    closing = true;
    await close();
    say({ closed: true });
    process.exit(0);
  };
  process.stdin.on('data', (word) => (String(word) === 'exit\n' ? process.exit(3) : stop()));
  // A test run that was cut short must not leave its hubs behind.
  process.stdin.on('end', stop);
  await database.query(
    // One statement, hence one transaction: two who hold it at once take turns.
    `SELECT pg_advisory_xact_lock(1);
     CREATE TABLE IF NOT EXISTS kept (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY)`,
  );
  say({ open: true, ownsDatabase });
  for (;;) {
    try {
      const [row] = await database.query<{ id: string }>(
        'INSERT INTO kept DEFAULT VALUES RETURNING id',
      );
      say({ acknowledged: Number(row?.id) });
    } catch (error) {
      if (!closing) say({ failed: (error as Error).message });
    }
    await sleep(10);
  }
} catch (error) {
  say({ refused: (error as Error).message, name: (error as Error).name });
  process.exit(1);
}
