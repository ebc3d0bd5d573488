import { element } from './encode-request.ts';

/** Numbers from 0 to 1 that a seed fixes (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Tags and lengths at the edges of what BER and LDAP allow. */
const TELLING_BYTES = [
  0x00, 0x01, 0x02, 0x04, 0x0a, 0x1f, 0x30, 0x31, 0x60, 0x63, 0x77, 0x7f, 0x80, 0x81, 0x82, 0x83,
  0x84, 0x85, 0x87, 0xa0, 0xa1, 0xa2, 0xa3, 0xa4, 0xa9, 0xbf, 0xc3, 0xe9, 0xfe, 0xff,
];

/**
 * Bytes with one to four faults; `others` are what pieces are taken from. Half of the faults are among
 * bytes, the other half among elements, with lengths that are right, so that they reach deeper.
 */
export function mutate(bytes: Buffer, others: readonly Buffer[], random: () => number): Buffer {
  const isAmongElements = random() < 0.5;
  const faults = 1 + Math.floor(random() ** 2 * 4);
  if (isAmongElements) return mutateElements(bytes, others, faults, random);
  let mutated: Buffer = Buffer.from(bytes);
  for (let i = 0; i < faults && mutated.length > 0; i++) mutated = fault(mutated, others, random);
  return mutated;
}

type Tree = { tag: number; children: Tree[] | undefined; contents: Buffer };

function mutateElements(
  bytes: Buffer,
  others: readonly Buffer[],
  faults: number,
  random: () => number,
): Buffer {
  const below = (limit: number) => Math.floor(random() * limit);
  const root: Tree = { tag: 0, children: parse(bytes), contents: bytes };
  for (let i = 0; i < faults; i++) {
    const sets = all(root)
      .slice(1)
      .filter(({ children }) => children?.length);
    const children = sets[below(sets.length)]?.children;
    if (!children) break;
    const other = all({
      tag: 0,
      children: parse(others[below(others.length)] as Buffer),
      contents: bytes,
    });
    elementFault(children, below(children.length), other[below(other.length)] as Tree, below);
  }
  return Buffer.concat((root.children ?? []).map(serialize));
}

function elementFault(
  siblings: Tree[],
  at: number,
  stranger: Tree,
  below: (limit: number) => number,
): void {
  const node = siblings[at] as Tree;
  switch (below(7)) {
    case 0:
      siblings.splice(at, 1);
      return;
    case 1:
      siblings.splice(at, 0, node);
      return;
    case 2:
      siblings[at] = stranger;
      return;
    case 3:
      siblings.splice(at, 0, stranger);
      return;
    case 4:
      siblings[at] = { ...node, tag: TELLING_BYTES[below(TELLING_BYTES.length)] as number };
      return;
    case 5: {
      const tag = [0xa0, 0xa1, 0xa2, 0x30][below(4)] as number;
      for (let depth = 1 + below(40); depth > 0; depth--)
        siblings[at] = { tag, children: [siblings[at] as Tree], contents: node.contents };
      return;
    }
    default: {
      const telling = Buffer.from(Array.from({ length: below(6) }, () => below(256)));
      siblings[at] = { ...node, children: undefined, contents: telling };
    }
  }
}

/** Elements in elements; what is not made of them is kept as bytes. */
function parse(bytes: Buffer): Tree[] | undefined {
  const trees: Tree[] = [];
  for (let at = 0; at < bytes.length; ) {
    const first = bytes[at + 1] ?? 0xff;
    const size = first > 0x80 ? first & 0x7f : 0;
    if (size > 4 || at + 2 + size > bytes.length) return undefined;
    const start = at + 2 + size;
    const end = start + (size > 0 ? bytes.readUIntBE(at + 2, size) : first);
    if (end > bytes.length) return undefined;
    const tag = bytes[at] as number;
    const contents = bytes.subarray(start, end);
    trees.push({ tag, contents, children: tag & 0x20 ? parse(contents) : undefined });
    at = end;
  }
  return trees;
}

function serialize({ tag, contents, children }: Tree): Buffer {
  return element(tag, ...(children ? children.map(serialize) : [contents]));
}

function all(tree: Tree): Tree[] {
  return [tree, ...(tree.children ?? []).flatMap(all)];
}

function fault(bytes: Buffer, others: readonly Buffer[], random: () => number): Buffer {
  const below = (limit: number) => Math.floor(random() * limit);
  const at = below(bytes.length);
  const telling = TELLING_BYTES[below(TELLING_BYTES.length)] as number;
  const splice = (from: number, to: number, piece: Uint8Array) =>
    Buffer.concat([bytes.subarray(0, from), piece, bytes.subarray(to)]);
  switch (below(9)) {
    case 0:
      bytes[at] = (bytes[at] as number) ^ (1 << below(8));
      return bytes;
    case 1:
      bytes[at] = telling;
      return bytes;
    case 2:
      bytes[at] = (bytes[at] as number) + (random() < 0.5 ? 1 : -1);
      return bytes;
    case 3:
      return bytes.subarray(0, at);
    case 4:
      return splice(at, at, Buffer.of(telling));
    case 5:
      return splice(at, Math.min(bytes.length, at + 1 + below(4)), Buffer.alloc(0));
    case 6:
      return splice(at, at, bytes.subarray(at, at + below(24)));
    case 7: {
      const other = others[below(others.length)] as Buffer;
      const from = below(other.length);
      return splice(at, at + below(16), other.subarray(from, from + below(32)));
    }
    default:
      return repaired(splice(at, at, Buffer.of(telling, 0)));
  }
}

/** With a length of the whole that is right again, so that faults lie deeper than the envelope. */
function repaired(bytes: Buffer): Buffer {
  const first = bytes[1] as number;
  const contents = bytes.subarray(first > 0x80 ? 2 + (first & 0x7f) : 2);
  const header = Buffer.of(0x30, 0x83, 0, 0, 0);
  header.writeUIntBE(contents.length, 2, 3);
  return Buffer.concat([header, contents]);
}
