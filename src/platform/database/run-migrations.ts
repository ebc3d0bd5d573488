import type { QueryRunner } from 'typeorm';
// Not from the package's front door, which loads much that a migration has no use for.
import { DataSource } from 'typeorm/data-source/DataSource.js';
import type { Database } from './database.ts';
import { keepValuesOut } from './values-in-errors.ts';

/** `up` and `down` are SQL; TypeORM orders by the 13 digits that end the name. */
export type Migration = { name: string; up: string; down: string };

/** Runs those that the database has not run, each in a transaction of its own. */
export function runMigrations(database: Database, migrations: readonly Migration[]): Promise<void> {
  return withDataSource(database, migrations, (source) =>
    source.runMigrations({ transaction: 'each' }),
  );
}

export function undoLastMigration(
  database: Database,
  migrations: readonly Migration[],
): Promise<void> {
  return withDataSource(database, migrations, (source) =>
    source.undoLastMigration({ transaction: 'each' }),
  );
}

/** TypeORM, which keeps count of what ran, on a connection beside the pool. */
async function withDataSource(
  { connection }: Database,
  migrations: readonly Migration[],
  work: (source: DataSource) => Promise<unknown>,
): Promise<void> {
  const source = new DataSource({
    type: 'postgres',
    poolSize: 1,
    entities: [],
    migrations: migrations.map(asClass),
    migrationsTableName: 'schema_migrations',
    synchronize: false,
    installExtensions: false,
    extra: { ...connection, onConnect: keepValuesOut },
  });
  await source.initialize();
  try {
    await work(source);
  } finally {
    await source.destroy();
  }
}

function asClass({ name, up, down }: Migration) {
  return class {
    name = name;
    async up(runner: QueryRunner) {
      await runner.query(up);
    }
    async down(runner: QueryRunner) {
      await runner.query(down);
    }
  };
}
