import type { IncomingMessage } from 'node:http';
import {
  Busboy,
  type BusboyFileStream,
  type BusboyHeaders,
  type BusboyInstance,
} from '@fastify/busboy';
import { isWhole } from '../text/whole-text.ts';
import { ClientGoneError, RequestError, unreadableText } from './http-errors.ts';
import { tooLarge } from './read-body.ts';

export type MultipartForm = {
  fields: Record<string, string>;
  /** What the form's file field held; undefined when nothing was chosen. */
  file: Buffer | 'too-large' | undefined;
};

type MultipartOptions = {
  fileField: string;
  maxFileBytes: number;
  /**
   * Looks at the fields before anything of a file is kept, and once more when there was none; what it
   * throws refuses the form. Fields that it needs stand before the file, in the order of the page.
   */
  check(fields: Record<string, string>): void;
};

const MAX_FIELDS = 50;
const MAX_FIELD_BYTES = 64 * 1024;
/** All fields together: a form of ours has a few names in it. */
const MAX_FIELDS_BYTES = 128 * 1024;
/** So much of a file that is too long is read and thrown away: a browser hears an answer when it has been let finish. */
const MAX_DISCARDED = 64 * 1024 * 1024;

/**
 * Reads a `multipart/form-data` body (RFC 7578) with one file at the most. No more of the file is held than
 * `maxFileBytes`; the other fields are there even when it was longer.
 * @throws RequestError 415 for another type, 413 beyond 64 MiB, 400 for what is malformed or not UTF-8
 * @throws ClientGoneError when its sender went away
 */
export function readMultipart(
  req: IncomingMessage,
  { fileField, maxFileBytes, check }: MultipartOptions,
): Promise<MultipartForm> {
  if (Number(req.headers['content-length'] ?? 0) > MAX_DISCARDED) throw tooLarge(MAX_DISCARDED);
  const busboy = open(req, maxFileBytes);
  return new Promise((resolve, reject) => {
    const form: MultipartForm = { fields: {}, file: undefined };
    let received = 0;
    let fieldBytes = 0;
    let kept: FileBuffer | undefined;
    const fail = (error: unknown) => {
      req.unpipe(busboy);
      kept?.drop();
      reject(error);
    };
    const malformed = () => fail(new RequestError(400, 'bad-request', 'not a whole form'));
    const checked = (): boolean => {
      try {
        check(form.fields);
        return true;
      } catch (error) {
        fail(error);
        return false;
      }
    };
    req.on('data', (chunk: Buffer) => {
      received += chunk.length;
      if (received > MAX_DISCARDED) fail(tooLarge(MAX_DISCARDED));
    });
    req.once('close', () => {
      if (!req.complete) fail(new ClientGoneError('the form was cut short'));
    });
    busboy.on('field', (name, value) => {
      fieldBytes += name.length + value.length;
      if (fieldBytes > MAX_FIELDS_BYTES) fail(tooLarge(MAX_FIELDS_BYTES));
      else if (!isWhole(name) || !isWhole(value)) fail(unreadableText('a field of the form'));
      else form.fields[name] = value;
    });
    busboy.on('file', (name, stream: BusboyFileStream, fileName: string | undefined) => {
      stream.once('error', malformed);
      if (!isWhole(`${name}${fileName ?? ''}`)) fail(unreadableText('the name of a file'));
      if (!checked()) return;
      if (name !== fileField) {
        stream.resume();
        return;
      }
      const file = new FileBuffer(
        Math.min(maxFileBytes, Number(req.headers['content-length'] ?? maxFileBytes)),
      );
      kept = file;
      stream.on('data', (chunk: Buffer) => file.add(chunk));
      stream.once('limit', () => file.drop());
      stream.once('end', () => {
        if (stream.truncated === true) form.file = 'too-large';
        else if (file.length > 0) form.file = file.bytes();
      });
    });
    for (const limit of ['fieldsLimit', 'filesLimit', 'partsLimit'] as const) {
      busboy.once(limit, malformed);
    }
    busboy.once('error', malformed);
    busboy.once('finish', () => {
      if (checked()) resolve(form);
    });
    req.pipe(busboy);
  });
}

/** A file as it comes in: one piece of memory, of which the machine gives what is written to. */
class FileBuffer {
  #bytes: Buffer | undefined;
  length = 0;

  constructor(most: number) {
    this.#bytes = Buffer.allocUnsafeSlow(most);
  }

  add(chunk: Buffer): void {
    if (this.#bytes === undefined) return;
    chunk.copy(this.#bytes, this.length);
    this.length += chunk.length;
  }

  drop(): void {
    this.#bytes = undefined;
  }

  bytes(): Buffer {
    return (this.#bytes as Buffer).subarray(0, this.length);
  }
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
