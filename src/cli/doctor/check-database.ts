import { whyAway } from '../../platform/database/availability.ts';
import { type Database, sqlState } from '../../platform/database/database.ts';
import {
  compareSchema,
  refuseMismatch,
  type SchemaState,
} from '../../platform/database/migrations.ts';
import { tryWrite } from '../../platform/database/try-write.ts';
import { plural } from '../output.ts';
import { type Finding, fail, ok, warn } from './finding.ts';

const OLDEST = 15;
/** Seconds; tokens carry times, and clients allow for little more. */
const SKEW_WARNING = 2;
const SKEW_FAULT = 60;

/** @returns whether its schema is there to be looked at, too */
export async function checkDatabase(
  database: Database,
): Promise<{ findings: Finding[]; hasSchema: boolean }> {
  const findings = [await checkVersion(database), await checkClock(database)];
  const schema = checkSchema(await compareSchema(database));
  findings.push(schema);
  if (schema.level === 'ok') findings.push(await checkWrites(database));
  return { findings, hasSchema: schema.level === 'ok' };
}

async function checkWrites(database: Database): Promise<Finding> {
  try {
    await tryWrite(database);
    return ok('the database can be written');
  } catch (error) {
    const why = whyAway(error) ?? 'the database refuses it';
    return fail(`the database cannot be written: ${why} (${sqlState(error)})`);
  }
}

function checkSchema(state: SchemaState): Finding {
  try {
    refuseMismatch(state);
  } catch (error) {
    return fail((error as Error).message);
  }
  return state.pending.length === 0
    ? ok('the schema is up to date')
    : fail(`${plural(state.pending.length, 'migration')} to run; run "trousseau migrate"`);
}

async function checkVersion(database: Database): Promise<Finding> {
  const [row] = await database.query<{ number: string }>(
    `SELECT current_setting('server_version_num') AS number`,
  );
  const number = Number(row?.number);
  const version = `PostgreSQL ${Math.floor(number / 10_000)}.${number % 10_000}`;
  return number >= OLDEST * 10_000
    ? ok(`${version} answers`)
    : fail(`${version} is too old; ${OLDEST} or newer is needed`);
}

/** Compares with the middle of the request, so that a slow network is not taken for a wrong clock. */
async function checkClock(database: Database): Promise<Finding> {
  const before = Date.now();
  const [row] = await database.query<{ now: Date }>('SELECT clock_timestamp() AS now');
  const middle = (before + Date.now()) / 2;
  const seconds = Math.abs(Number(row?.now) - middle) / 1000;
  const text = `this machine's clock and the database's differ by ${seconds.toFixed(1)} s`;
  if (seconds > SKEW_FAULT) return fail(text);
  return seconds > SKEW_WARNING ? warn(text) : ok(text);
}
