import { isDeepStrictEqual } from 'node:util';
import type { CommunityRow, SettledCommunity } from './apply-communities.ts';
import type { ApplyRun } from './run.ts';
import type { CommunityEntry } from './schema.ts';

/** What a community asks of its members, as `policies` and `questions` of the file say it. */
export type PolicySettings = {
  secondFactor: 'optional' | 'admins' | 'all';
  /** ISO 8601, to the second, in UTC; null: at once. */
  secondFactorFrom: string | null;
  recoveryDelayHours: number;
  /** What those who want to join are asked, in order. */
  questions: Question[];
};

type Question = { text: string; required: boolean };

/** SQL of these settings from a row `c` of communities, as JSON's members. */
export const POLICY_COLUMNS = `c.second_factor AS "secondFactor",
  to_char(c.second_factor_from AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS "secondFactorFrom",
  c.recovery_delay_hours AS "recoveryDelayHours",
  COALESCE((SELECT jsonb_agg(jsonb_build_object('text', q.text, 'required', q.required) ORDER BY q.position, q.text)
    FROM registration_questions q WHERE q.community_id = c.id), '[]') AS questions`;

/** What the file says, else what is there. Questions that it does not name stay, after its own, unless it prunes. */
export function settlePolicies(
  { policies, questions }: CommunityEntry,
  before: CommunityRow | undefined,
  prune: boolean,
): PolicySettings {
  const from = policies?.secondFactorFrom;
  return {
    secondFactor: policies?.secondFactor ?? before?.secondFactor ?? 'optional',
    secondFactorFrom: from === undefined ? (before?.secondFactorFrom ?? null) : instant(from),
    recoveryDelayHours: policies?.recoveryDelayHours ?? before?.recoveryDelayHours ?? 72,
    questions: settleQuestions(questions, before?.questions ?? [], prune),
  };
}

function settleQuestions(
  given: CommunityEntry['questions'],
  before: readonly Question[],
  prune: boolean,
): Question[] {
  if (given === undefined) return [...before];
  const wanted = given.map(({ text, required }) => ({ text, required: required ?? true }));
  const named = new Set(wanted.map(({ text }) => text));
  return prune ? wanted : [...wanted, ...before.filter(({ text }) => !named.has(text))];
}

/** `2027-01-31`, or a moment of that day, as the database tells it. */
function instant(given: string | null): string | null {
  return given === null ? null : `${new Date(given).toISOString().slice(0, 19)}Z`;
}

/** Why something is not a day; undefined when it is one. */
export function dayFault(value: string): string | undefined {
  const isDay = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2})?Z)?$/.test(value);
  return isDay && !Number.isNaN(Date.parse(value))
    ? undefined
    : 'must be a day such as 2027-01-31, or null';
}

/** Stores the questions of the communities whose questions changed. Those that stay keep their ids. */
export async function storeQuestions(
  run: ApplyRun,
  changed: readonly SettledCommunity[],
): Promise<void> {
  for (const { row, before } of changed) {
    if (isDeepStrictEqual(row.questions, before?.questions ?? [])) continue;
    await run.tx.query(
      'DELETE FROM registration_questions WHERE community_id = $1 AND NOT (text = ANY($2::text[]))',
      [row.id, row.questions.map(({ text }) => text)],
    );
    await run.tx.query(
      `INSERT INTO registration_questions (community_id, position, text, required)
       SELECT $1, (q.position - 1)::int, q.value ->> 'text', (q.value ->> 'required')::boolean
       FROM jsonb_array_elements($2::jsonb) WITH ORDINALITY AS q (value, position)
       ON CONFLICT (community_id, text) DO UPDATE
         SET position = EXCLUDED.position, required = EXCLUDED.required`,
      [row.id, JSON.stringify(row.questions)],
    );
  }
}
