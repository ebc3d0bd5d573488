import type { Duplex } from 'node:stream';
import type { Logger } from 'pino';

/** For the last words to arrive: a socket that is closed with bytes unread takes back what was sent, too. */
const LINGER_MS = 1_000;

const LAST_WORDS = {
  unreadable: ['400 Bad Request', 'Cette requête est illisible.\nThis request cannot be read.\n'],
  slow: [
    '408 Request Timeout',
    'Cette requête a mis trop de temps à arriver.\nThis request took too long to arrive.\n',
  ],
  'too-large': [
    '431 Request Header Fields Too Large',
    'Votre navigateur envoie trop de cookies : effacez ceux de ce site, puis réessayez.\nYour browser sends too many cookies: clear those of this site, then try again.\n',
  ],
  busy: [
    '503 Service Unavailable\r\nRetry-After: 5',
    'Trop de connexions à la fois : réessayez dans un instant.\nToo many connections at once: try again in a moment.\n',
  ],
} as const satisfies Record<string, readonly [status: string, text: string]>;

const KIND_OF_CODE: Record<string, keyof typeof LAST_WORDS> = {
  ERR_HTTP_REQUEST_TIMEOUT: 'slow',
  HPE_HEADER_OVERFLOW: 'too-large',
};
/** The other side went away in the middle of a request. */
const GONE = ['ECONNRESET', 'EPIPE', 'HPE_INVALID_EOF_STATE'];

/**
 * Answers what is not HTTP, has headers (cookies, mostly) over 16 KB or does not come to its end, before any
 * route could.
 */
export function refuseUnreadable(log: Logger, error: NodeJS.ErrnoException, socket: Duplex): void {
  // It was told; what comes after the unreadable part is unreadable, too.
  if (socket.writableEnded) return;
  const code = error.code ?? '';
  // Browsers open connections that they may never need.
  const saidNothing = (socket as Duplex & { bytesRead?: number }).bytesRead === 0;
  if (GONE.includes(code) || !socket.writable || saidNothing) {
    socket.destroy();
    return;
  }
  log.info({ reason: code }, 'unreadable request');
  endWith(socket, KIND_OF_CODE[code] ?? 'unreadable');
}

/** Says why, and ends the connection, whether or not the other side ends its own. */
export function endWith(socket: Duplex, kind: keyof typeof LAST_WORDS): void {
  if (socket.writableEnded) return;
  const [status, text] = LAST_WORDS[kind];
  const timer = setTimeout(() => socket.destroy(), LINGER_MS);
  socket.once('close', () => clearTimeout(timer));
  socket.once('end', () => socket.destroy());
  socket.end(
    `HTTP/1.1 ${status}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: ${Buffer.byteLength(text)}\r\nConnection: close\r\n\r\n${text}`,
  );
}
