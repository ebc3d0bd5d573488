import type { IncomingMessage } from 'node:http';
import { isWhole } from '../text/whole-text.ts';
import { RequestError, unreadableText } from './http-errors.ts';
import { readBody } from './read-body.ts';

/** Forms of ours are small; what is longer is somebody trying. */
const MAX_BYTES = 64 * 1024;
const MAX_FIELDS = 100;

/**
 * Reads an `application/x-www-form-urlencoded` body: every field, in its order.
 * @throws RequestError 415 for another type, 413 beyond 64 KiB, 400 beyond 100 fields or for what is not UTF-8
 */
export async function readFormPairs(req: IncomingMessage): Promise<[string, string][]> {
  const type = (req.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase();
  if (type !== 'application/x-www-form-urlencoded') {
    throw new RequestError(415, 'bad-request', 'unexpected content type');
  }
  const body = await readBody(req, MAX_BYTES);
  const fields = [...new URLSearchParams(body.toString('utf8'))];
  if (fields.length > MAX_FIELDS) throw new RequestError(400, 'bad-request', 'too many fields');
  if (!fields.flat().every(isWhole)) throw unreadableText('a field of the form');
  return fields;
}
