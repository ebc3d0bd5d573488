import { canonicalAttribute } from './oid-names.ts';
import { foldCase } from './prepare.ts';

export type AttributeValue = { type: string; value: string };
/** One or more type-value pairs; more than one with `+` between them. */
export type Rdn = readonly AttributeValue[];
/** Relative names, the entry's own first; empty for the root. */
export type Dn = readonly Rdn[];

/** In UTF-16 code units: far more than a name of ours has, with everything in it escaped. */
const DN_MAX = 8_192;
/** Pairs of a name, all told: no tree here is half as deep. */
const PAIRS_MAX = 64;

const TYPE = /^\s*(?:oid\.)?([a-z][a-z0-9-]*|\d+(?:\.\d+)+)\s*$/i;

/**
 * Reads the string form of a distinguished name (RFC 4514 §3), spaces around separators allowed (RFC
 * 2253 §4). A comma that is not followed by a `type=` belongs to the value before it: some clients put
 * names into DNs unescaped (row 13 of what clients need).
 * @returns undefined when it is not one, or longer or deeper than anything that has a name
 */
export function parseDn(text: string): Dn | undefined {
  if (text.length > DN_MAX) return undefined;
  if (text.trim() === '') return [];
  const rdns: AttributeValue[][] = [];
  let rdn: AttributeValue[] = [];
  let pairs = 0;
  for (const part of splitUnescaped(text)) {
    const separator = part.text.indexOf('=');
    const type = separator < 0 ? null : TYPE.exec(part.text.slice(0, separator));
    if (type === null) {
      const previous = rdn.at(-1) ?? rdns.at(-1)?.at(-1);
      if (previous === undefined || part.before === '') return undefined;
      const more = readValue(part.text, false);
      if (more === undefined || more.trim() === '') return undefined;
      previous.value += part.before + more;
      continue;
    }
    pairs += 1;
    if (pairs > PAIRS_MAX) return undefined;
    const value = readValue(part.text.slice(separator + 1), true);
    if (value === undefined) return undefined;
    if (part.before !== '+') {
      rdn = [];
      rdns.push(rdn);
    }
    rdn.push({ type: type[1] as string, value });
  }
  return rdns.some((each) => each.length === 0) ? undefined : rdns;
}

/** Pieces between unescaped `,` `;` and `+`, each with the separator before it. */
function* splitUnescaped(text: string): Generator<{ before: string; text: string }> {
  let start = 0;
  let before = '';
  let quoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at] as string;
    if (char === '\\') at += 1;
    else if (char === '"') quoted = !quoted;
    else if (!quoted && (char === ',' || char === '+' || char === ';')) {
      yield { before, text: text.slice(start, at) };
      before = char === ';' ? ',' : char;
      start = at + 1;
    }
  }
  yield { before, text: text.slice(start) };
}

/** Takes the escapes out of a value (RFC 4514 §2.4); undefined when one of them is broken. */
function readValue(raw: string, trimStart: boolean): string | undefined {
  const trimmed = trimStart ? withoutSpacesBefore(raw) : raw;
  if (trimmed.startsWith('#')) return hexString(withoutSpacesAfter(trimmed.slice(1)));
  const quoted = /^"((?:[^"\\]|\\.)*)" *$/su.exec(trimmed)?.[1];
  const source = quoted ?? trimmed;
  if (!source.includes('\\')) return quoted ?? withoutSpacesAfter(source);
  return unescapeValue(source, quoted === undefined);
}

/** Only U+0020 is no part of a value (RFC 4514 §2.4): other white space is, and is written as it is. */
function withoutSpacesBefore(text: string): string {
  let start = 0;
  while (text[start] === ' ') start += 1;
  return text.slice(start);
}

function withoutSpacesAfter(text: string): string {
  let end = text.length;
  while (text[end - 1] === ' ') end -= 1;
  return text.slice(0, end);
}

function unescapeValue(source: string, trimEnd: boolean): string | undefined {
  const bytes: Buffer[] = [];
  let keep = 0;
  let length = 0;
  const push = (piece: Buffer, isSpace: boolean) => {
    bytes.push(piece);
    length += piece.length;
    if (!isSpace) keep = length;
  };
  for (let at = 0; at < source.length; ) {
    const char = String.fromCodePoint(source.codePointAt(at) as number);
    if (char !== '\\') {
      push(Buffer.from(char), char === ' ');
      at += char.length;
      continue;
    }
    const hex = source.slice(at + 1, at + 3);
    const escaped = source.codePointAt(at + 1);
    if (/^[0-9a-f]{2}$/i.test(hex)) {
      push(Buffer.from(hex, 'hex'), false);
      at += 3;
    } else if (escaped !== undefined && !/^[a-z0-9]/i.test(hex)) {
      const literal = String.fromCodePoint(escaped);
      push(Buffer.from(literal), false);
      at += 1 + literal.length;
    } else return undefined;
  }
  const whole = Buffer.concat(bytes);
  return validUtf8(trimEnd ? whole.subarray(0, keep) : whole);
}

/** The BER form of a value, `#04…`: an OCTET STRING, UTF8String or PrintableString that is whole. */
function hexString(hex: string): string | undefined {
  if (!/^(?:[0-9a-f]{2})+$/i.test(hex)) return undefined;
  const ber = Buffer.from(hex, 'hex');
  const isText = ber[0] === 0x04 || ber[0] === 0x0c || ber[0] === 0x13;
  if (!isText || ber[1] !== ber.length - 2) return undefined;
  return validUtf8(ber.subarray(2));
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
function validUtf8(bytes: Buffer): string | undefined {
  try {
    return utf8.decode(bytes);
  } catch {
    return undefined;
  }
}

/** A text that is the same for names that are the same (RFC 4517 §4.2.15), however they are spelled. */
export function dnKey(dn: Dn): string {
  return dn.map(rdnKey).join(',');
}

export function rdnKey(rdn: Rdn): string {
  const [only] = rdn;
  if (rdn.length === 1 && only !== undefined) return pairKey(only);
  return rdn.map(pairKey).sort().join('+');
}

function pairKey({ type, value }: AttributeValue): string {
  return `${canonicalAttribute(type)}=${escapeDnValue(foldCase(value))}`;
}

/** A value as it stands in a DN (RFC 4514 §2.4). */
export function escapeDnValue(value: string): string {
  if (/^[a-zA-Z0-9@._-]+(?: [a-zA-Z0-9@._-]+)*$/.test(value)) return value;
  return (
    value
      .replaceAll(/[\\",+<>;=]/g, '\\$&')
      .replaceAll('\0', '\\00')
      .replace(/^[ #]/, '\\$&')
      // A value that is one space is escaped already.
      .replace(/(?<!^\\) $/, '\\ ')
  );
}

/** The string form of a name (RFC 4514 §2). */
export function formatDn(dn: Dn): string {
  return dn
    .map((rdn) => rdn.map(({ type, value }) => `${type}=${escapeDnValue(value)}`).join('+'))
    .join(',');
}
