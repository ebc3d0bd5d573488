import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import { isWhole } from '../text/whole-text.ts';
import { RequestError, unreadableText } from './http-errors.ts';
import { readBody } from './read-body.ts';

const MAX_BYTES = 256 * 1024;
/** No value of ours has more levels; the walk below takes any. */
const MAX_DEPTH = 32;

/**
 * Reads an `application/json` body (RFC 8259): what it says, and its bytes.
 * @throws RequestError 415 for another type or an encoding such as gzip, 413 beyond 256 KiB, 400 for what is no
 *   JSON, not whole text in UTF-8, or has more than 32 levels
 * @throws ClientGoneError when its sender went away
 */
export async function readJson(req: IncomingMessage): Promise<{ value: unknown; bytes: Buffer }> {
  const { 'content-type': type = '', 'content-encoding': encoding = 'identity' } = req.headers;
  if (!/^application\/json\s*(;\s*charset="?utf-8"?\s*)?$/i.test(type.trim()))
    throw new RequestError(415, 'bad-request', 'the body must be application/json');
  if (encoding.trim().toLowerCase() !== 'identity')
    throw new RequestError(415, 'bad-request', 'the body must not be compressed');
  const bytes = await readBody(req, MAX_BYTES);
  if (!isUtf8(bytes)) throw unreadableText('the body');
  const value = parse(bytes.toString('utf8'));
  requireWholeTexts(value);
  return { value, bytes };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's own words repeat what it could not read.
    throw new RequestError(400, 'bad-request', 'the body is no JSON');
  }
}

/** Escapes can say what bytes in UTF-8 cannot: half a letter, or NUL. Keys count as texts. */
function requireWholeTexts(value: unknown): void {
  const open: { value: unknown; depth: number }[] = [{ value, depth: 0 }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { value: one, depth } = next;
    if (typeof one === 'string' && !isWhole(one)) throw unreadableText('a text of the body');
    if (typeof one !== 'object' || one === null) continue;
    if (depth === MAX_DEPTH)
      throw new RequestError(400, 'bad-request', `the body has more than ${MAX_DEPTH} levels`);
    if (!Object.keys(one).every(isWhole)) throw unreadableText('a key of the body');
    for (const inside of Object.values(one)) open.push({ value: inside, depth: depth + 1 });
  }
}
