import { LRUCache } from 'lru-cache';
import { expect, it } from 'vitest';
import { roomBySize, roomFor } from '../src/platform/work/cache-room.ts';

it('bounds a cache by number, and what was used last stays', () => {
  const cache = new LRUCache<number, string>({ ...roomFor(3), ttl: 60_000 });
  for (let n = 0; n < 3; n += 1) cache.set(n, 'text');
  cache.get(0);
  for (let n = 3; n < 5; n += 1) cache.set(n, 'text');
  expect([...cache.keys()].sort()).toEqual([0, 3, 4]);
});

it('bounds a cache by number and by what all take together', () => {
  const room = roomBySize<string>(10, 1_000, (text) => text.length);
  const small = new LRUCache<number, string>(room);
  for (let n = 0; n < 50; n += 1) small.set(n, 'x');
  expect(small.size).toBe(10);
  const large = new LRUCache<number, string>(room);
  for (let n = 0; n < 50; n += 1) large.set(n, 'x'.repeat(400));
  expect(large.size).toBe(2);
  large.set(50, 'x'.repeat(1_001));
  expect(large.has(50)).toBe(false);
});

it('takes nothing for what it does not hold', () => {
  const before = process.memoryUsage().heapUsed;
  const cache = new LRUCache<number, string>({ ...roomFor(50_000_000), ttl: 60_000 });
  // Lists of that length would take 400 MB each.
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(100_000_000);
  expect(cache.size).toBe(0);
});
