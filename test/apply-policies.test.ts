import { afterAll, beforeAll, expect, it } from 'vitest';
import { loadCommunity } from '../src/domain/communities/community-store.ts';
import { formatPlan } from '../src/transfer/apply/plan.ts';
import { applyText } from './support/apply-text.ts';
import { cloneDatabase, type TestDatabase } from './support/database.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await cloneDatabase();
});
afterAll(() => db.drop());

const file = (settings: string) => `version: 1
communities:
  - slug: lamyne
    name: La MYNE
    registration: approval
${settings}`;

const POLICIES = `    policies:
      secondFactor: admins
      secondFactorFrom: 2027-01-31
      recoveryDelayHours: 48
    questions:
      - text: Qui vous a parlé de nous ?
      - { text: Une remarque ?, required: false }
`;

const apply = async (text: string, options = {}) =>
  formatPlan(await applyText(db.database, text, options));
const community = () => loadCommunity(db.database, { slug: 'lamyne' });

it('a community says who needs a second factor from when, how long a recovery waits, and what it asks', async () => {
  await apply(file(POLICIES));
  expect(await community()).toMatchObject({
    secondFactor: 'admins',
    recoveryDelayHours: 48,
    questions: [
      { text: 'Qui vous a parlé de nous ?', required: true },
      { text: 'Une remarque ?', required: false },
    ],
  });
  const from = new Date((await community())?.secondFactorFrom as string);
  expect(from.toISOString()).toBe('2027-01-31T00:00:00.000Z');
  expect(await apply(file(POLICIES))).toBe('nothing to change');
});

it('what the file does not say stays; what changes is named by its key', async () => {
  expect(await apply(file(''))).toBe('nothing to change');
  const plan = await apply(file('    policies: { secondFactor: all, secondFactorFrom: null }\n'));
  expect(plan).toContain('~ community lamyne: policies.secondFactor, policies.secondFactorFrom');
  expect(await community()).toMatchObject({ secondFactor: 'all', secondFactorFrom: null });
});

it('a question keeps its id, and goes only with --prune', async () => {
  const before = (await community())?.questions;
  const other = '    questions: [ { text: "Une remarque ?", required: true } ]\n';
  await apply(file(other));
  const after = (await community())?.questions;
  expect(after?.map(({ text }) => text)).toEqual(['Une remarque ?', 'Qui vous a parlé de nous ?']);
  expect(after?.[0]).toEqual({ ...before?.[1], required: true });
  await apply(file(other), { prune: true });
  expect((await community())?.questions.map(({ text }) => text)).toEqual(['Une remarque ?']);
});

it.each([
  ['    policies: { secondFactor: sometimes }\n', /policies\.secondFactor: must be/],
  ['    policies: { secondFactorFrom: soon }\n', /secondFactorFrom: must be a day such as/],
  ['    policies: { secondFactorFrom: 2027-02-31T99:00Z }\n', /secondFactorFrom: must be a day/],
  ['    policies: { recoveryDelayHours: 0 }\n', /recoveryDelayHours/],
  ['    policies: { secondfactor: all }\n', /secondfactor/],
  ['    questions: [ { text: "A ?" }, { text: "A ?" } ]\n', /asks the same question twice/],
  [`    questions: [ { text: "${'x'.repeat(301)}" } ]\n`, /questions\[0\]\.text/],
])('%j is a fault with its line', async (settings, message) => {
  const before = await community();
  await expect(apply(file(settings))).rejects.toThrow(message);
  await expect(apply(file(settings))).rejects.toThrow(/hub\.yaml:\d+:\d+/);
  expect(await community()).toEqual(before);
});
