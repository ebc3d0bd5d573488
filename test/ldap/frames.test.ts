import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Frames } from '../../src/protocols/ldap/connection/frames.ts';
import { ProtocolError } from '../../src/protocols/ldap/protocol/result.ts';
import { element } from './support/encode-request.ts';

const LIMIT = 100_000;

function framesOf(pieces: Buffer[], limit = LIMIT): string[] {
  const frames = new Frames();
  const found: string[] = [];
  for (const piece of pieces) {
    frames.add(piece);
    for (let frame = frames.next(limit); frame !== undefined; frame = frames.next(limit)) {
      found.push(frame.toString('hex'));
    }
  }
  expect(frames.isWithin).toBe(false);
  return found;
}

/** Messages in the shortest form, and with a length of four octets, as Active Directory's clients send. */
const message = fc.oneof(
  fc.uint8Array({ maxLength: 400 }).map((body) => element(0x30, Buffer.from(body))),
  fc.uint8Array({ maxLength: 40 }).map((body) => {
    const header = Buffer.from([0x30, 0x84, 0, 0, 0, body.length]);
    return Buffer.concat([header, Buffer.from(body)]);
  }),
);

it('gives the same messages however the stream is cut', () => {
  fc.assert(
    fc.property(
      fc.array(message, { maxLength: 12 }),
      fc.array(fc.nat({ max: 60 }), { minLength: 1, maxLength: 40 }),
      (messages, sizes) => {
        const stream = Buffer.concat(messages);
        const pieces: Buffer[] = [];
        for (let at = 0, i = 0; at < stream.length; i++) {
          const size = 1 + (sizes[i % sizes.length] as number);
          // Its own memory: what was kept of a piece must not change with it.
          pieces.push(Buffer.from(stream.subarray(at, at + size)));
          at += size;
        }
        expect(framesOf(pieces)).toEqual(messages.map((each) => each.toString('hex')));
        expect(framesOf([stream])).toEqual(messages.map((each) => each.toString('hex')));
      },
    ),
    { numRuns: 300 },
  );
});

/** The shortest of some times: the machine may do other things meanwhile. */
function best(act: () => void): number {
  let shortest = Infinity;
  for (let i = 0; i < 5; i++) {
    // The processor's own time: what else the machine does is not counted.
    const started = process.cpuUsage();
    act();
    shortest = Math.min(shortest, process.cpuUsage(started).user);
  }
  return shortest;
}

it('takes a message that comes byte by byte in a time that grows as its size does', () => {
  const take = (size: number) => {
    const bytes = element(0x30, Buffer.alloc(size));
    const frames = new Frames();
    let found = 0;
    for (let at = 0; at < bytes.length; at++) {
      frames.add(bytes.subarray(at, at + 1));
      if (frames.next(10_000_000) !== undefined) found += 1;
    }
    expect(found).toBe(1);
  };
  const [small, large] = [best(() => take(200_000)), best(() => take(800_000))];
  expect(large / small).toBeLessThan(8);
});

it('takes many small messages in one piece in a time that grows as their number does', () => {
  const take = (stream: Buffer, count: number) => {
    const frames = new Frames();
    frames.add(stream);
    let found = 0;
    while (frames.next(LIMIT) !== undefined) found += 1;
    expect(found).toBe(count);
  };
  const streamOf = (count: number) => Buffer.alloc(7 * count, element(0x30, Buffer.alloc(5)));
  const [few, more] = [streamOf(20_000), streamOf(160_000)];
  const [small, large] = [best(() => take(few, 20_000)), best(() => take(more, 160_000))];
  // In step with the number: 8. With its square: 64.
  // So short a time may be less than the processor's clock tells apart.
  expect(large / Math.max(small, 1_000)).toBeLessThan(30);
});

describe('refuses', () => {
  const refused = (bytes: number[], limit = LIMIT) => {
    const frames = new Frames();
    frames.add(Buffer.from(bytes));
    expect(() => frames.next(limit)).toThrow(ProtocolError);
  };

  it('a length over the limit as soon as it is read, whatever else has come', () => {
    refused([0x30, 0x84, 0x7f, 0xff, 0xff, 0xff]);
    refused([0x30, 0x84, 0xff, 0xff, 0xff, 0xff]);
    refused([0x30, 0x82, 0x10, 0x00], 4_099);
  });

  it('nothing at the limit', () => {
    const bytes = element(0x30, Buffer.alloc(4_096));
    expect(framesOf([bytes], bytes.length)).toHaveLength(1);
    refused([...bytes], bytes.length - 1);
  });

  it('the indefinite form', () => refused([0x30, 0x80]));
  it('a length of five octets, before they come', () => refused([0x30, 0x85]));
  it('what does not begin as a message does', () => refused([0x47]));
  it('what is no message behind one that is', () => {
    const frames = new Frames();
    frames.add(Buffer.from([0x30, 0x00, 0x31]));
    expect(frames.next(LIMIT)).toHaveLength(2);
    expect(() => frames.next(LIMIT)).toThrow(ProtocolError);
  });
});

it('forgets what has come when it is told to', () => {
  const frames = new Frames();
  frames.add(Buffer.from([0x30, 0x05, 0x01]));
  expect(frames.next(LIMIT)).toBeUndefined();
  expect(frames.isWithin).toBe(true);
  frames.reset();
  expect(frames.isWithin).toBe(false);
  frames.add(Buffer.from([0x30, 0x00]));
  expect(frames.next(LIMIT)).toHaveLength(2);
});

it.each([
  ['a whole message', 1],
  ['the end of one', 2],
])('what is left of a chunk behind %s keeps nothing else of it', (_, chunks) => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const used = () => {
    // What one finds is let go of by the next.
    collect();
    collect();
    return process.memoryUsage().arrayBuffers;
  };
  const stream = Buffer.concat([element(0x30, Buffer.alloc(64_000)), Buffer.alloc(500, 0x30)]);
  const before = used();
  const kept = Array.from({ length: 400 }, () => {
    const frames = new Frames();
    for (let n = 0; n < chunks; n += 1) {
      const at = n === 0 ? 0 : 100;
      const end = n === chunks - 1 ? stream.length : 100;
      const chunk = Buffer.allocUnsafeSlow(end - at);
      stream.copy(chunk, 0, at, end);
      frames.add(chunk);
      frames.next(LIMIT);
    }
    return frames;
  });
  expect(used() - before).toBeLessThan(400 * 2_000);
  expect(kept.map(({ held }) => held)).toEqual(Array(400).fill(500));
});
