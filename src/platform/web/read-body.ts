import type { IncomingMessage } from 'node:http';
import { ClientGoneError, RequestError } from './http-errors.ts';

/**
 * Reads a body whole; what is left of one that is too long is the connection's to throw away.
 * @throws RequestError 413 beyond `maxBytes`
 * @throws ClientGoneError when its sender went away
 */
export async function readBody(req: IncomingMessage, maxBytes: number): Promise<Buffer> {
  if (Number(req.headers['content-length'] ?? 0) > maxBytes) throw tooLarge(maxBytes);
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of req.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > maxBytes) break;
      chunks.push(chunk);
    }
  } catch (error) {
    throw new ClientGoneError((error as Error).message);
  }
  if (length > maxBytes) throw tooLarge(maxBytes);
  return Buffer.concat(chunks);
}

export function tooLarge(maxBytes: number): RequestError {
  return new RequestError(413, 'too-large', `the body is over ${maxBytes} bytes`);
}
