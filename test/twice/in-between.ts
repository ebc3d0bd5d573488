import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Page } from '../support/browser.ts';
import { startHub, type TestHub } from '../support/hub.ts';
import { type StepsOf, type StepTried, send } from './step.ts';

/** More than any of the forms asks of the database. */
const MOST_LOOKS = 40;
/** As long as one may be kept from going on by the other that is held. */
const PATIENCE_MS = 5_000;

/**
 * Each of these steps, with its form sent twice: the first is held after its first look at the database, or its second,
 * and so on, until the second is answered. Whatever it has seen by then, both lead to the same.
 */
export function holdInBetween(makers: readonly StepsOf[], names: readonly string[]): void {
  const steps = new Map<string, StepTried>();
  let hub: TestHub;

  beforeAll(async () => {
    hub = await startHub({ TROUSSEAU_ROLES: 'web' });
    for (const make of makers) {
      for (const step of await make(hub)) steps.set(step.name, step);
    }
  });
  afterAll(() => hub.stop());

  describe.each(names)('%s', (name) => {
    it('leads where it led, whenever the same form comes in between', async () => {
      const step = steps.get(name) as StepTried;
      const faults: string[] = [];
      for (let looks = 1; looks <= MOST_LOOKS; looks += 1) {
        const told = await tryAt(hub, step, looks);
        if (told === 'not that many') return expect(faults).toEqual([]);
        if (told !== undefined) faults.push(`held after look ${looks}: ${told}`);
      }
      throw new Error('there is no end to its looks');
    });
  });
}

/** @returns what is wrong with where they lead */
async function tryAt(hub: TestHub, step: StepTried, looks: number): Promise<string | undefined> {
  const ready = await step.prepare();
  const gate = holdAfter(hub, looks);
  let pages: Page[];
  try {
    const held = send(ready);
    const isHeld = await Promise.race([gate.reached, held.then(() => false)]);
    if (!isHeld) return 'not that many';
    const between = send(ready);
    await Promise.race([between, delay(PATIENCE_MS)]);
    gate.open();
    pages = await Promise.all([held, between]);
  } finally {
    gate.remove();
  }
  const away = pages.find((page) => !step.isThere(page));
  if (away !== undefined) return `${gate.seen()} -> ${away.status} ${away.url}`;
  const same = new Set(pages.map((page) => step.same?.(page)));
  return same.size === 1 ? undefined : `${gate.seen()} -> not the same`;
}

/** Stops whoever looks at the hub's database for the nth time, when they have the answer, or before they begin to write. */
function holdAfter({ database }: TestHub, looks: number) {
  const { query, transaction } = database;
  let left = looks;
  let seen = '';
  const reached = Promise.withResolvers<true>();
  const opened = Promise.withResolvers<void>();
  const look = async (what: string) => {
    left -= 1;
    if (left !== 0) return;
    seen = what.replaceAll(/\s+/g, ' ').slice(0, 120);
    reached.resolve(true);
    await opened.promise;
  };
  database.query = async (sql, params, name) => {
    const rows = await query(sql, params, name);
    await look(sql);
    // biome-ignore lint/suspicious/noExplicitAny: each asker says what rows it gets
    return rows as any;
  };
  database.transaction = async (work) => {
    await look('a transaction');
    return transaction(work);
  };
  return {
    reached: reached.promise,
    open: () => opened.resolve(),
    seen: () => seen,
    remove() {
      opened.resolve();
      Object.assign(database, { query, transaction });
    },
  };
}
