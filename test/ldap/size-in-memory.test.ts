import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { sizeInMemory } from '../../src/protocols/ldap/connection/size-in-memory.ts';
import { decodeMessage } from '../../src/protocols/ldap/protocol/decode-message.ts';
import { encodeBind, encodeSearch } from './support/encode-request.ts';

const controls = (value?: Buffer) =>
  Array.from({ length: 32 }, () => ({ oid: '', critical: false, value }));
const setOf = (count: number, filter: string) => `(|${filter.repeat(count)})`;
const search = (filter: string, options = {}) => encodeSearch(1, 'o=a', filter, options);

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
function used(): number {
  collect();
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** Bytes of memory that one of many messages takes when it was read. */
function taken(frame: Buffer): number {
  const many = 400;
  const kept = [decodeMessage(frame)];
  const before = used();
  while (kept.length <= many) kept.push(decodeMessage(frame));
  const after = used();
  return (after - before) / (kept.length - 1);
}

it.each<[string, Buffer]>([
  [
    'empty sets and controls with an empty value',
    search(setOf(298, '(&)'), { controls: controls(Buffer.alloc(0)) }),
  ],
  ['controls', search('(cn=*)', { controls: controls() })],
  ['controls with a value', search('(cn=*)', { controls: controls(Buffer.alloc(100)) })],
  ['controls with long values', search('(cn=*)', { controls: controls(Buffer.alloc(1_000)) })],
  ['sets of one', search(setOf(140, '(&(|))'))],
  ['negations', search(setOf(140, '(!(|))'))],
  ['assertions', search(setOf(290, '(cn=ab)'))],
  ['attributes that are there', search(setOf(290, '(ab=*)'))],
  ['extensible matches', search(setOf(290, '(ab:dn:cd:=ab)'))],
  ['substrings', search(`(cn=*${'ab*'.repeat(990)})`)],
  ['many with substrings', search(setOf(290, '(cn=*ab*)'))],
  ['attributes', search('(cn=*)', { attributes: Array(300).fill('ab') })],
  [
    'a name of one wide letter and many others',
    encodeSearch(1, `${'x'.repeat(20_000)}€`, '(cn=*)'),
  ],
  ['nothing special', search('(uid=alice)')],
  ['a bind', encodeBind(1, 'uid=alice,ou=people,o=a', 'secret')],
])('a message takes no more memory than it is counted with: %s', (_, frame) => {
  const counted = sizeInMemory(decodeMessage(frame));
  expect(taken(frame) / counted).toBeLessThan(1.1);
});

it('a short value does not keep what long ones before it were read into', () => {
  const withValue = (bytes: number) =>
    search('(cn=*)', { controls: [{ oid: '', critical: false, value: Buffer.alloc(bytes) }] });
  const [short, long] = [withValue(1), withValue(3_900)];
  const kept = [decodeMessage(short)];
  const before = used();
  while (kept.length <= 1_000) {
    decodeMessage(long);
    kept.push(decodeMessage(short));
  }
  expect((used() - before) / 1_000).toBeLessThan(1.1 * sizeInMemory(kept.at(-1)));
});
