import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { RefusedError } from '../src/domain/errors.ts';
import { hashPassword } from '../src/domain/people/password.ts';
import { RefusedChangesError } from '../src/domain/refused-changes.ts';
import { findServiceBySlug } from '../src/domain/services/service-store.ts';
import { ApplyError } from '../src/transfer/apply/faults.ts';
import { applyText, SEALER } from './support/apply-text.ts';
import { cloneDatabase, type TestDatabase } from './support/database.ts';
import { createSnapshots } from './support/hub-snapshot.ts';
import { READER_PASSWORDS, series, TAKING_AWAY } from './support/service-series.ts';
import type { File, Hub, Step } from './support/service-steps.ts';

let byCommands: TestDatabase;
let byFiles: TestDatabase;
let hub: Hub;
const snapshots = createSnapshots(SEALER, READER_PASSWORDS);

beforeAll(async () => {
  [byCommands, byFiles] = [await cloneDatabase(), await cloneDatabase()];
  const hashes: Record<string, string> = {};
  for (const password of READER_PASSWORDS) hashes[password] = await hashPassword(password);
  const { database } = byCommands;
  const community = async (slug: string) => {
    const [row] = await database.query('SELECT id FROM communities WHERE slug = $1', [slug]);
    return row.id;
  };
  const service = async (slug: string, name: string) =>
    (await findServiceBySlug(database, await community(slug), name))?.id as string;
  hub = { sealer: SEALER, hubUrl: 'https://hub.example', hashes, community, service };
});
afterAll(async () => {
  await byCommands.drop();
  await byFiles.drop();
});

const START: File = {
  version: 1,
  operatorReaders: [],
  communities: ['lamyne', 'hermitage'].map((slug) => ({
    slug,
    name: slug,
    groups: [{ name: 'membres', groups: ['bureau'] }, { name: 'bureau' }],
    members: [
      { username: 'alice', name: 'Alice', role: 'owner', groups: ['bureau'] },
      { username: 'bob', name: 'Bob', groups: ['membres'] },
    ],
    services: [],
  })),
};
const render = (file: File) => JSON.stringify(file, null, 1);

/** Everybody is signed in to every app, as far as rows tell; alice is let in where that takes somebody. */
const SIGN_IN = `
  WITH cleared AS (DELETE FROM oidc_artifacts),
  sessions AS (
    INSERT INTO sessions (community_id, id_hash, uid, subject, issuer, payload, expires_at)
    SELECT m.community_id, sha256(m.username::bytea), m.username, m.subject, 'https://issuer.example',
      jsonb_build_object('authorizations', COALESCE((
        SELECT jsonb_object_agg(k.client_id, jsonb_build_object('sid', k.client_id || '-' || m.username))
        FROM service_clients k WHERE k.community_id = m.community_id), '{}')), now() + interval '1 hour'
    FROM memberships m
    ON CONFLICT (community_id, id_hash) DO UPDATE SET payload = EXCLUDED.payload),
  accounts AS (
    INSERT INTO accounts (community_id, service_id, subject, state)
    SELECT s.community_id, s.id, m.subject, 'active' FROM services s
    JOIN memberships m ON m.community_id = s.community_id AND m.username = 'alice' ON CONFLICT DO NOTHING)
  INSERT INTO oidc_artifacts (community_id, kind, id_hash, subject, client_id, payload)
  SELECT k.community_id, 'RefreshToken', sha256((gen_random_uuid()::text)::bytea), m.subject, k.client_id, '{}'
  FROM service_clients k JOIN memberships m ON m.community_id = k.community_id`;

/** What a change was refused with; undefined when it was made. */
async function refusal(work: () => Promise<unknown>): Promise<Error | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    if (error instanceof RefusedError || error instanceof ApplyError) return error;
    throw error;
  }
}

function expectSameRefusal(name: string, ours: Error | undefined, theirs: Error | undefined): void {
  expect(theirs === undefined, `${name}: ${ours} / ${theirs}`).toBe(ours === undefined);
  if (!(ours instanceof RefusedChangesError) || !(theirs instanceof ApplyError)) return;
  const told = theirs.faults.join('\n');
  // What is twice in one file is told by its lines.
  if (/ line \d+/.test(told)) return;
  const shared = ours.refusals.some(({ fault }) => told.includes(fault));
  if (!shared) expect(told).toContain(ours.refusals[0]?.fault);
}

/** @returns the file after the change; as it was when the change is refused, by both ways */
async function takeStep(step: Step, file: File): Promise<File> {
  const draft = structuredClone(file);
  if (!step.write(draft)) return file;
  for (const { database } of [byCommands, byFiles]) await database.query(SIGN_IN);
  const { database } = byCommands;
  const ours = await refusal(() => database.transaction((tx) => step.command(tx, hub)));
  const theirs = await refusal(() => applyText(byFiles.database, render(draft), { prune: true }));
  expectSameRefusal(step.name, ours, theirs);
  return ours === undefined ? draft : file;
}

test('a series of changes by commands and the same by files come to the same rows, ends, events and refusals', async () => {
  const seen = { made: 0, refused: 0, told: 0, events: 0 };
  // A slow machine tries fewer series.
  const enough = performance.now() + 10_000;
  const same = async (steps: Step[]) => {
    if (performance.now() > enough) return;
    for (const { database } of [byCommands, byFiles]) {
      await database.query(
        'TRUNCATE communities, persons, operator_readers, events, outbox CASCADE',
      );
      await applyText(database, render(START));
    }
    let file = START;
    for (const step of steps) {
      const after = await takeStep(step, file);
      if (after === file) seen.refused += 1;
      else seen.made += 1;
      file = after;
      const here = await snapshots.take(byCommands.database);
      expect(await snapshots.take(byFiles.database), step.name).toEqual(here);
      seen.told = Math.max(seen.told, here.outbox?.length ?? 0);
      seen.events = Math.max(seen.events, here.events?.length ?? 0);
    }
  };
  await fc.assert(fc.asyncProperty(series, same), { numRuns: 10, examples: [[TAKING_AWAY]] });
  // Neither way goes through the test by doing nothing.
  expect(seen.made).toBeGreaterThan(10);
  expect(seen.refused).toBeGreaterThan(0);
  expect(seen.told).toBeGreaterThan(5);
  expect(seen.events).toBeGreaterThan(20);
}, 60_000);
