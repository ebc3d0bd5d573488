import { once } from 'node:events';
import { connect } from 'node:net';
import { createInterface } from 'node:readline/promises';

/** Enough of IMAP (RFC 9051) to sign in and see that one is in. */
export type ImapClient = {
  /** Sends a command, and gives its tagged answer and the lines before it. */
  command(text: string): Promise<{ status: string; lines: string[] }>;
  close(): void;
};

export async function connectImap(port: number): Promise<ImapClient> {
  const socket = connect(port, '127.0.0.1').setTimeout(20_000, () => socket.destroy());
  await once(socket, 'connect');
  const lines = createInterface({ input: socket })[Symbol.asyncIterator]();
  await lines.next();
  let tag = 0;
  return {
    async command(text) {
      tag += 1;
      socket.write(`a${tag} ${text}\r\n`);
      const before: string[] = [];
      for (;;) {
        const { value, done } = await lines.next();
        if (done) throw new Error(`the server closed the connection: ${before.join('\n')}`);
        const answer = /^a\d+ (\w+)/.exec(value);
        if (answer !== null) return { status: answer[1] as string, lines: [...before, value] };
        before.push(value);
      }
    },
    close: () => socket.destroy(),
  };
}

/** A quoted string of IMAP. */
export function quoted(text: string): string {
  return `"${text.replaceAll(/["\\]/g, '\\$&')}"`;
}
