import type { IncomingMessage } from 'node:http';
import { ClientGoneError, RequestError } from './http-errors.ts';

/**
 * Reads a body whole; what is left of one that is too long is the connection's to throw away.
 * @throws RequestError 413 beyond `maxBytes`
 * @throws ClientGoneError when its sender went away
 */
export async function readBody(req: IncomingMessage, maxBytes: number): Promise<Buffer> {
  if (Number(req.headers['content-length'] ?? 0) > maxBytes) throw tooLarge(maxBytes);
  const body = await readUpTo(req, maxBytes).catch((error: Error) => {
    throw new ClientGoneError(error.message);
  });
  if (body.length > maxBytes) throw tooLarge(maxBytes);
  return body;
}

/** The beginning of a body: all of it, or a little more than `maxBytes`. @throws when its sender went away */
export async function readUpTo(req: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of req.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > maxBytes) break;
  }
  return Buffer.concat(chunks);
}

export function tooLarge(maxBytes: number): RequestError {
  return new RequestError(413, 'too-large', `the body is over ${maxBytes} bytes`);
}
