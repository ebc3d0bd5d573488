import type { Socket } from 'node:net';
import ipaddr from 'ipaddr.js';

/** What stands before the client's own bytes is no PROXY header, or it did not come in time. */
export class ProxyHeaderError extends Error {
  override readonly name = 'ProxyHeaderError';
}

const V2_SIGNATURE = Buffer.from([13, 10, 13, 10, 0, 13, 10, 81, 85, 73, 84, 10]);
const V2_HEADER = 16;
/** The longest line of version 1, and more than any version 2 header that has an address. */
const V1_LONGEST = 107;
const V2_LONGEST = 536;

/**
 * Reads the header that a trusted proxy puts before what the client sends (haproxy's PROXY protocol,
 * versions 1 and 2). The bytes behind it are left on the socket.
 * @returns the client's address; undefined when the proxy speaks for itself (LOCAL, UNKNOWN)
 * @throws ProxyHeaderError
 */
export function readProxyHeader(socket: Socket, timeoutMs: number): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    let received = Buffer.alloc(0);
    const late = setTimeout(() => finish(new ProxyHeaderError('no header came')), timeoutMs);
    const onGone = () => finish(new ProxyHeaderError('the proxy closed the connection'));
    socket.on('data', onData);
    socket.once('close', onGone);

    function onData(bytes: Buffer): void {
      received = Buffer.concat([received, bytes]);
      try {
        const header = parseProxyHeader(received);
        if (header === undefined) return;
        socket.pause();
        finish();
        if (received.length > header.size) socket.unshift(received.subarray(header.size));
        resolve(header.ip);
      } catch (error) {
        finish(error as Error);
      }
    }

    function finish(error?: Error): void {
      clearTimeout(late);
      socket.off('data', onData);
      socket.off('close', onGone);
      if (error !== undefined) reject(error);
    }
  });
}

type ProxyHeader = { size: number; ip: string | undefined };

/** @returns undefined while the header is not whole; @throws ProxyHeaderError when it will never be one */
export function parseProxyHeader(bytes: Buffer): ProxyHeader | undefined {
  const compared = Math.min(bytes.length, V2_SIGNATURE.length);
  if (bytes.subarray(0, compared).equals(V2_SIGNATURE.subarray(0, compared))) {
    // "\r\n" begins no line of version 1.
    return bytes.length < V2_HEADER ? undefined : parseV2(bytes);
  }
  return parseV1(bytes);
}

function parseV1(bytes: Buffer): ProxyHeader | undefined {
  const end = bytes.indexOf('\r\n');
  const text = bytes.subarray(0, end < 0 ? bytes.length : end).toString('latin1');
  if (!'PROXY '.startsWith(text.slice(0, 6)) || text.length > V1_LONGEST) throw malformed();
  if (end < 0) return undefined;
  if (/^PROXY UNKNOWN(?: |$)/.test(text)) return { size: end + 2, ip: undefined };
  const match = /^PROXY TCP([46]) (\S+) (\S+) (\d{1,5}) (\d{1,5})$/.exec(text);
  const ip = match?.[2] ?? '';
  const kind =
    match?.[1] === '4' ? ipaddr.IPv4.isValidFourPartDecimal(ip) : ipaddr.IPv6.isValid(ip);
  if (match === null || !kind) throw malformed();
  return { size: end + 2, ip };
}

function parseV2(bytes: Buffer): ProxyHeader | undefined {
  const [command, family] = [bytes[12] as number, bytes[13] as number];
  const size = V2_HEADER + bytes.readUInt16BE(14);
  if (command >> 4 !== 2 || (command & 15) > 1 || size > V2_LONGEST) throw malformed();
  if (bytes.length < size) return undefined;
  if ((command & 15) === 0) return { size, ip: undefined };
  const length = family === 0x11 ? 4 : family === 0x21 ? 16 : undefined;
  if (length === undefined || size < V2_HEADER + 2 * length + 4) throw malformed();
  const address = [...bytes.subarray(V2_HEADER, V2_HEADER + length)];
  return { size, ip: ipaddr.fromByteArray(address).toString() };
}

function malformed(): ProxyHeaderError {
  return new ProxyHeaderError('this is no PROXY header');
}
