import type { IncomingMessage } from 'node:http';
import { Busboy, type BusboyHeaders, type BusboyInstance } from '@fastify/busboy';
import { isWhole } from '../text/whole-text.ts';
import { RequestError, unreadableText } from './http-errors.ts';

export type MultipartForm = {
  fields: Record<string, string>;
  /** What the form's file field held; undefined when nothing was chosen. */
  file: Buffer | 'too-large' | undefined;
};

const MAX_FIELDS = 50;
const MAX_FIELD_BYTES = 64 * 1024;
/** So much is read and thrown away: a browser hears an answer only when it has been let finish. */
const MAX_DISCARDED = 64 * 1024 * 1024;

/**
 * Reads a `multipart/form-data` body (RFC 7578) with one file at the most. No more of the file is held than
 * `maxFileBytes`; the other fields are there even when it was longer.
 * @throws RequestError 415 for another type, 413 beyond 64 MiB, 400 for what is cut short,
 * malformed or not UTF-8
 */
export function readMultipart(
  req: IncomingMessage,
  { fileField, maxFileBytes }: { fileField: string; maxFileBytes: number },
): Promise<MultipartForm> {
  if (Number(req.headers['content-length'] ?? 0) > MAX_DISCARDED) throw tooLarge();
  const busboy = open(req, maxFileBytes);
  return new Promise((resolve, reject) => {
    const form: MultipartForm = { fields: {}, file: undefined };
    let received = 0;
    const fail = (error: RequestError) => {
      req.unpipe(busboy);
      reject(error);
    };
    const malformed = () => fail(new RequestError(400, 'bad-request', 'not a whole form'));
    req.on('data', (chunk: Buffer) => {
      received += chunk.length;
      if (received > MAX_DISCARDED) fail(tooLarge());
    });
    req.once('close', () => {
      if (!req.complete) malformed();
    });
    busboy.on('field', (name, value) => {
      if (!isWhole(name) || !isWhole(value)) fail(unreadableText('a field of the form'));
      form.fields[name] = value;
    });
    busboy.on('file', (name, stream, fileName: string | undefined) => {
      if (!isWhole(`${name}${fileName ?? ''}`)) fail(unreadableText('the name of a file'));
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => {
        if (name === fileField) chunks.push(chunk);
      });
      stream.once('limit', () => chunks.splice(0));
      stream.once('error', malformed);
      stream.once('end', () => {
        if (name !== fileField) return;
        const bytes = Buffer.concat(chunks);
        if (stream.truncated === true) form.file = 'too-large';
        else if (bytes.length > 0) form.file = bytes;
      });
    });
    for (const limit of ['fieldsLimit', 'filesLimit', 'partsLimit'] as const) {
      busboy.once(limit, malformed);
    }
    busboy.once('error', malformed);
    busboy.once('finish', () => resolve(form));
    req.pipe(busboy);
  });
}

function open(req: IncomingMessage, maxFileBytes: number): BusboyInstance {
  const type = req.headers['content-type'] ?? '';
  if (!/^multipart\/form-data\s*;/i.test(type)) {
    throw new RequestError(415, 'bad-request', 'unexpected content type');
  }
  try {
    return new Busboy({
      headers: req.headers as BusboyHeaders,
      limits: {
        files: 1,
        fields: MAX_FIELDS,
        parts: MAX_FIELDS + 1,
        fieldNameSize: 100,
        fieldSize: MAX_FIELD_BYTES,
        fileSize: maxFileBytes,
        headerPairs: 20,
      },
    });
  } catch {
    throw new RequestError(400, 'bad-request', 'the form names no boundary');
  }
}

function tooLarge(): RequestError {
  return new RequestError(413, 'too-large', `the body is over ${MAX_DISCARDED} bytes`);
}
