import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Browser, type Page } from '../support/browser.ts';
import { startHub, type TestHub } from '../support/hub.ts';
import { type Ready, type StepsOf, type StepTried, send } from './step.ts';

/** Each step of these tables, with its form sent twice. A step that is added comes into a table of its own kind. */
export function walk(makers: readonly StepsOf[], names: readonly string[]): void {
  const steps = new Map<string, StepTried>();
  let hub: TestHub;

  beforeAll(async () => {
    // Without the worker: nothing happens but what requests do.
    hub = await startHub({ TROUSSEAU_ROLES: 'web' });
    for (const make of makers) {
      for (const step of await make(hub)) steps.set(step.name, step);
    }
  });
  afterAll(() => hub.stop());

  it('names every step', () => {
    expect([...steps.keys()]).toEqual(names);
  });

  describe.each(names)('%s', (name) => {
    const step = () => steps.get(name) as StepTried;

    it('sent twice at once, and again, leads where it led, and is done once', async () => {
      const once = await step().prepare();
      const ofOne = await adds(hub, async () => {
        expect(step().isThere(await send(once))).toBe(true);
      });
      const ready = await step().prepare();
      const tab = step().inTabs && (await ready.browser.open(ready.page.url));
      const ofMany = await adds(hub, async () => {
        const pages = await Promise.all(
          Array.from({ length: step().atOnce ?? 3 }, () => send(ready)),
        );
        pages.push(await send(ready));
        if (tab) pages.push(await send({ ...ready, page: tab }));
        expect(pages.map((page) => step().isThere(page) || page.text.slice(0, 2000))).toEqual(
          pages.map(() => true),
        );
        expect(new Set(pages.map((page) => step().same?.(page))).size).toBe(1);
      });
      expect(ofMany).toEqual(ofOne);
      await step().after?.(ready.browser);
    });

    it('sent again opens nothing for another browser, nor by what is wrong', async () => {
      const ready = await step().prepare();
      await send(ready);
      const { wrong, provesAnywhere } = step();
      expect(step().isThere(await sendElsewhere(ready))).toBe(provesAnywhere === true);
      if (wrong !== undefined) expect(step().isThere(await send(ready, wrong))).toBe(false);
    });
  });
}

const TABLES = [
  'memberships',
  'accounts',
  'consents',
  'app_passwords',
  'person_emails',
  'passkeys',
  'totp_secrets',
  'recovery_codes',
  'invitations',
  'member_pictures',
  'assisted_recoveries',
  'operator_sessions',
  'operators',
];

/** What must not be done twice. Codes for an app are: each brings it the same member. */
async function stored({ database }: TestHub): Promise<Record<string, number>> {
  const rows = await database.query<{ what: string; n: number }>(
    `SELECT 'event ' || type AS what, count(*)::int AS n FROM events WHERE type NOT IN ('sign-in.failed', 'service.refused') GROUP BY 1
     UNION ALL SELECT 'outbox ' || kind || coalesce(' ' || (payload ->> 'template'), ''), count(*)::int FROM outbox GROUP BY 1
     UNION ALL SELECT 'sessions', count(*)::int FROM sessions WHERE subject IS NOT NULL
     ${TABLES.map((table) => `UNION ALL SELECT '${table}', count(*)::int FROM ${table}`).join(' ')}`,
  );
  return Object.fromEntries(rows.map(({ what, n }) => [what, n]));
}

/** What a step adds to that. */
async function adds(hub: TestHub, work: () => Promise<unknown>): Promise<Record<string, number>> {
  const before = await stored(hub);
  await work();
  const after = await stored(hub);
  return Object.fromEntries(
    Object.entries(after)
      .map(([what, n]) => [what, n - (before[what] ?? 0)] as const)
      .filter(([, n]) => n !== 0),
  );
}

/** Where whoever is signed in nowhere gets a form of the same place: a community, or the operators' console. */
const loginOf = ({ url }: Page) =>
  `${/^https?:\/\/[^/]+\/c\/[\w-]+/.exec(url)?.[0] ?? `${new URL(url).origin}/operator`}/login`;

/** The same form and fields in a browser that has never been here. */
async function sendElsewhere(ready: Ready): Promise<Page> {
  const thief = new Browser({ stopAt: (url) => url.hostname.endsWith('.example') });
  const { page, form, fields, button } = ready;
  // With a cookie and a token of its own, where its form may come from.
  const own = await thief.open(loginOf(page));
  const csrf = own.document.querySelector('input[name=csrf]')?.getAttribute('value') as string;
  return thief.submit(page, form, { ...fields, csrf }, button);
}
