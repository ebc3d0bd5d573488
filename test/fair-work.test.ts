import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { BusyError } from '../src/platform/errors/busy-error.ts';
import { type Claimant, createAdmission, type Place } from '../src/platform/work/admission.ts';
import { createFairTurns } from '../src/platform/work/fair-turns.ts';

const claim = (tenant: string, asker: string, more: Partial<Claimant> = {}): Claimant => ({
  tenant,
  asker,
  most: 1_000,
  ...more,
});
const many = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index));
const lost = (places: readonly Place[]) => places.filter(({ signal }) => signal.aborted).length;

describe('places', () => {
  it('are so many for one who asks, and are free again when they are given back, however often', () => {
    const { enter } = createAdmission({ inAll: 100, ofTenant: 50 });
    const mine = claim('a', 'alice', { most: 2 });
    const [first] = [enter(mine), enter(mine)];
    expect(() => enter(mine)).toThrow(BusyError);
    first?.leave();
    first?.leave();
    enter(mine);
    expect(() => enter(mine)).toThrow(BusyError);
    enter(claim('a', 'bob', { most: 2 }));
  });

  it('of a tenant that are all taken are shared: who has most gives up for who has less', () => {
    const { enter } = createAdmission({ inAll: 100, ofTenant: 10 });
    const flood = many(10, () => enter(claim('a', 'flood')));
    const others = many(9, (index) => enter(claim('a', `other ${index}`)));
    expect([lost(flood), lost(others)]).toEqual([9, 0]);
    // One each: nobody has two more than a newcomer would.
    expect(() => enter(claim('a', 'late'))).toThrow(BusyError);
    expect(() => enter(claim('a', 'flood'))).toThrow(BusyError);
    expect(lost(others)).toBe(0);
  });

  it('go to whoever is known, where a stranger has one', () => {
    const { enter } = createAdmission({ inAll: 100, ofTenant: 3 });
    const strangers = many(3, (index) => enter(claim('a', `stranger ${index}`)));
    const known = many(3, (index) => enter(claim('a', `member ${index}`, { isKnown: true })));
    expect([lost(strangers), lost(known)]).toEqual([3, 0]);
    expect(() => enter(claim('a', 'member 4', { isKnown: true }))).toThrow(BusyError);
  });

  it('in all are shared between tenants in the same way', () => {
    const { enter } = createAdmission({ inAll: 12, ofTenant: 10 });
    const flood = [...many(10, (i) => enter(claim('a', `${i}`))), enter(claim('b', 'x'))];
    enter(claim('b', 'y'));
    const others = many(3, (index) => enter(claim('c', `${index}`)));
    expect([lost(flood), lost(others)]).toEqual([3, 0]);
  });

  it('where work is under way are kept until it is done', async () => {
    const { enter } = createAdmission({ inAll: 100, ofTenant: 2 });
    const inTurn = createFairTurns(2);
    const [first, second] = many(2, () => enter(claim('a', 'flood')));
    let finish = () => {};
    const done = inTurn(first as Place, () => new Promise<void>((resolve) => (finish = resolve)));
    enter(claim('a', 'other'));
    expect([first?.signal.aborted, second?.signal.aborted]).toEqual([false, true]);
    finish();
    await done;
  });
});

describe('turns', () => {
  /** A queue of one, whose first piece of work waits until it is told to go on. */
  function held() {
    const { enter } = createAdmission({ inAll: 1_000, ofTenant: 1_000 });
    const inTurn = createFairTurns(1);
    const done: string[] = [];
    let release = () => {};
    const gate = new Promise<void>((resolve) => (release = resolve));
    const first = inTurn(enter(claim('gate', 'gate')), () => gate);
    const add = (tenant: string, asker: string) => {
      const place = enter(claim(tenant, asker));
      return { place, done: inTurn(place, async () => void done.push(`${tenant} ${asker}`)) };
    };
    return { add, done, release, first };
  }

  it('go round between tenants, and between those who ask within each', async () => {
    const { add, done, release } = held();
    const all = [
      ...many(3, () => add('a', 'x')),
      ...many(2, () => add('a', 'y')),
      add('b', 'x'),
      add('c', 'x'),
    ];
    release();
    await Promise.all(all.map((each) => each.done));
    expect(done).toEqual(['a x', 'b x', 'c x', 'a y', 'a x', 'a y', 'a x']);
  });

  it('of one piece wait for one of each of the others, however many those have', async () => {
    const { add, done, release } = held();
    const flood = many(500, () => add('flood', 'x'));
    const single = add('calm', 'x');
    release();
    await Promise.all([single, ...flood].map((each) => each.done));
    expect(done.indexOf('calm x')).toBe(1);
  });

  it('are lost with the place, and nobody else’s then', async () => {
    const { add, done, release } = held();
    const [given, kept] = [add('a', 'x'), add('a', 'x')];
    given.place.leave();
    await expect(given.done).rejects.toThrow(BusyError);
    release();
    await kept.done;
    expect(done).toEqual(['a x']);
  });

  it('go on after work that fails', async () => {
    const { enter } = createAdmission({ inAll: 10, ofTenant: 10 });
    const inTurn = createFairTurns(1);
    const failed = inTurn(enter(claim('a', 'x')), async () => {
      await setImmediate();
      throw new Error('no');
    });
    const next = inTurn(enter(claim('a', 'x')), async () => 'done');
    await expect(failed).rejects.toThrow('no');
    expect(await next).toBe('done');
  });
});
