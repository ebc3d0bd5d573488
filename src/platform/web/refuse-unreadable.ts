import type { Duplex } from 'node:stream';
import type { Logger } from 'pino';

const TOO_LARGE = 'HPE_HEADER_OVERFLOW';

/** Answers what is not HTTP, or has headers (cookies, mostly) over 16 KB, before any route could. */
export function refuseUnreadable(log: Logger, error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  log.info({ reason: error.code }, 'unreadable request');
  const [status, text] =
    error.code === TOO_LARGE
      ? [
          '431 Request Header Fields Too Large',
          'Votre navigateur envoie trop de cookies : effacez ceux de ce site, puis réessayez.\nYour browser sends too many cookies: clear those of this site, then try again.\n',
        ]
      : ['400 Bad Request', 'Cette requête est illisible.\nThis request cannot be read.\n'];
  const body = Buffer.from(text);
  socket.end(
    `HTTP/1.1 ${status}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${text}`,
  );
}
