import { encodeElement } from './ber-element.ts';
import { BER, BerReader } from './ber-reader.ts';
import { ProtocolError } from './result.ts';

/** OID of the paged results control, of requests and of responses (RFC 2696 §2). */
export const PAGED_RESULTS = '1.2.840.113556.1.4.319';

/**
 * The value of the paged results control. `size`: entries wanted in this page, or, in a response, an
 * estimate of all of them (0: unknown). `cookie`: empty in the first request and the last response.
 */
export type PagedResults = { size: number; cookie: Buffer };

/**
 * Reads the control's value (RFC 2696 §2). The cookie is a view of `value`.
 * @throws {ProtocolError} when it is not one, or the size is negative.
 */
export function decodePagedResults(value: Buffer): PagedResults {
  const reader = new BerReader(value);
  const outer = reader.enter(BER.sequence);
  if (reader.end !== outer) throw new ProtocolError('bytes after the paged results value');
  const size = reader.integer(BER.integer);
  if (size < 0) throw new ProtocolError('a negative page size');
  const cookie = reader.octets(BER.octetString);
  reader.close(outer);
  return { size, cookie };
}

export function encodePagedResults({ size, cookie }: PagedResults): Buffer {
  const number = Buffer.alloc(5);
  number.writeUInt32BE(size, 1);
  const contents = [
    encodeElement(BER.integer, minimal(number)),
    encodeElement(BER.octetString, cookie),
  ];
  return encodeElement(BER.sequence, Buffer.concat(contents));
}

/** Drops leading zeros that the sign does not need (X.690 §8.3.2). */
function minimal(number: Buffer): Buffer {
  let first = 0;
  while (first < number.length - 1 && number[first] === 0 && (number[first + 1] as number) < 0x80)
    first++;
  return number.subarray(first);
}
