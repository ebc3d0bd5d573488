/**
 * The two transformations that yescrypt is made of (A. Peslyak, "yescrypt - scalable KDF and password hashing
 * scheme"): Salsa20 as scrypt has it, and pwxform, which multiplies and looks up in boxes that it rewrites as
 * it goes. Blocks are words of 32 bits, in the order in which a processor takes four at once
 * (`toLanes`). Sums wrap at 32 bits in `| 0`.
 */

/** Words of one of the three boxes: 256 entries of two words of 64 bits. */
export const BOX_WORDS = 1_024;
const BOX_MASK = 255 * 16;
const ROUNDS = 6;

export type Boxes = {
  words: Int32Array;
  /** Where each box begins; the third one is being rewritten, from `written` words on. */
  s0: number;
  s1: number;
  s2: number;
  written: number;
};

const get = (words: Int32Array, index: number) => words[index] as number;
const rotate = (value: number, by: number) => (value << by) | (value >>> (32 - by));

/** The upper half of a product of two unsigned numbers of 32 bits. */
function upperProduct(x: number, y: number): number {
  const [xh, xl, yh, yl] = [x >>> 16, x & 0xffff, y >>> 16, y & 0xffff];
  const middle = (Math.imul(xh, yl) + (Math.imul(xl, yl) >>> 16)) | 0;
  const other = (Math.imul(xl, yh) + (middle & 0xffff)) | 0;
  return (((Math.imul(xh, yh) + (middle >>> 16)) | 0) + (other >>> 16)) | 0;
}

/** Changes the sixteen words of a block, and one box. */
function pwxform(X: Int32Array, at: number, boxes: Boxes): void {
  const { words, s0, s1, s2 } = boxes;
  const written = s2 + boxes.written;
  for (let lane = 0; lane < 16; lane += 4) {
    let low0 = get(X, at + lane);
    let high0 = get(X, at + lane + 1);
    let low1 = get(X, at + lane + 2);
    let high1 = get(X, at + lane + 3);
    for (let round = 0; round < ROUNDS; round += 1) {
      const p = s0 + ((low0 & BOX_MASK) >> 2);
      const q = s1 + ((high0 & BOX_MASK) >> 2);
      // Twice: X = (upper half of X times lower half of X, plus an entry of the first box) xor one of the second.
      let product = Math.imul(high0, low0);
      let addend = get(words, p);
      let sum = (product + addend) | 0;
      let carry = ((product & addend) | ((product | addend) & ~sum)) >>> 31;
      high0 =
        ((upperProduct(high0, low0) + ((get(words, p + 1) + carry) | 0)) | 0) ^ get(words, q + 1);
      low0 = sum ^ get(words, q);
      product = Math.imul(high1, low1);
      addend = get(words, p + 2);
      sum = (product + addend) | 0;
      carry = ((product & addend) | ((product | addend) & ~sum)) >>> 31;
      high1 =
        ((upperProduct(high1, low1) + ((get(words, p + 3) + carry) | 0)) | 0) ^ get(words, q + 3);
      low1 = sum ^ get(words, q + 2);
      if (round !== 0 && round !== ROUNDS - 1) {
        const to = written + (round - 1) * 16 + lane;
        words[to] = low0;
        words[to + 1] = high0;
        words[to + 2] = low1;
        words[to + 3] = high1;
      }
    }
    X[at + lane] = low0;
    X[at + lane + 1] = high0;
    X[at + lane + 2] = low1;
    X[at + lane + 3] = high1;
  }
  Object.assign(boxes, { s0: s2, s1: s0, s2: s1 });
  boxes.written = (boxes.written + (ROUNDS - 2) * 16) % BOX_WORDS;
}

/** BlockMix with pwxform and Salsa20/2. */
export function mixWithBoxes(X: Int32Array, boxes: Boxes): void {
  let before = X.length - 16;
  for (let at = 0; at < X.length; at += 16) {
    xor(X, at, X, before, 16);
    pwxform(X, at, boxes);
    before = at;
  }
  salsa20(X, X.length - 16, 2);
}

/** BlockMix of scrypt for one pair of blocks, which fills the boxes. */
export function mixPair(X: Int32Array): void {
  xor(X, 0, X, 16, 16);
  salsa20(X, 0, 8);
  xor(X, 16, X, 0, 16);
  salsa20(X, 16, 8);
}

export function xor(to: Int32Array, at: number, from: Int32Array, start: number, count: number) {
  for (let i = 0; i < count; i += 1) to[at + i] = get(to, at + i) ^ get(from, start + i);
}

/** Salsa20's quarter-rounds: which words each one takes, on columns, then on rows, by their places here. */
const QUARTERS = [
  ...[0, 1, 2, 3].map((i) => [0, 4, 8, 12].map((_, k) => (5 * i + 4 * k) % 16)),
  ...[0, 1, 2, 3].map((i) => [0, 1, 2, 3].map((k) => 4 * i + ((i + k) % 4))),
].map((words) => words.map((word) => LANE_OF(word)) as [number, number, number, number]);

/** Where a word of a block stands here: words 0, 5, 10, 15 come first. */
function LANE_OF(word: number): number {
  return (word * 13) % 16;
}

const scratch = new Int32Array(16);

function salsa20(B: Int32Array, at: number, rounds: number): void {
  const x = scratch;
  for (let i = 0; i < 16; i += 1) x[i] = get(B, at + i);
  for (let round = 0; round < rounds; round += 2) {
    for (const [a, b, c, d] of QUARTERS) {
      x[b] = get(x, b) ^ rotate((get(x, a) + get(x, d)) | 0, 7);
      x[c] = get(x, c) ^ rotate((get(x, b) + get(x, a)) | 0, 9);
      x[d] = get(x, d) ^ rotate((get(x, c) + get(x, b)) | 0, 13);
      x[a] = get(x, a) ^ rotate((get(x, d) + get(x, c)) | 0, 18);
    }
  }
  for (let i = 0; i < 16; i += 1) B[at + i] = (get(B, at + i) + get(x, i)) | 0;
}

/** Bytes as words in the order of lanes. */
export function toLanes(bytes: Buffer, words: number): Int32Array {
  return Int32Array.from({ length: words }, (_, i) =>
    bytes.readInt32LE(4 * ((i & ~15) + (((i & 15) * 5) % 16))),
  );
}

export function fromLanes(X: Int32Array, bytes: Buffer): void {
  for (const [i, word] of X.entries())
    bytes.writeInt32LE(word, 4 * ((i & ~15) + (((i & 15) * 5) % 16)));
}
