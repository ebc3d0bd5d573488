import { EventEmitter } from 'node:events';
import pg from 'pg';

/**
 * What the database announces (`NOTIFY`), over one connection of its own. `isLive()` is true only
 * while the database has answered on that connection within the last second: a cache that trusts the
 * feed must not be used otherwise.
 */
export type ChangeFeed = {
  /** The payload, or undefined when announcements may have been missed (after a reconnection). */
  on(channel: string, listener: (payload: string | undefined) => void): void;
  isLive(): boolean;
  /** Resolves when every announcement of what was committed before has been heard. */
  settle(): Promise<void>;
  close(): Promise<void>;
};

const BEAT_MS = 400;
const LIVE_MS = 950;
const RECONNECT_MS = 250;

export async function openChangeFeed(options: {
  connection: pg.ClientConfig;
  channels: string[];
  onError?: (error: Error) => void;
}): Promise<ChangeFeed> {
  const emitter = new EventEmitter();
  let client: pg.Client | undefined;
  let lastAnswer = 0;
  let closed = false;
  let timer: NodeJS.Timeout | undefined;

  async function connect(): Promise<void> {
    const fresh = new pg.Client({
      ...options.connection,
      keepAlive: true,
      connectionTimeoutMillis: 3_000,
    });
    fresh.on('error', () => lose(fresh));
    fresh.on('end', () => lose(fresh));
    fresh.on('notification', ({ channel, payload }) => emitter.emit(channel, payload || undefined));
    await fresh.connect();
    for (const channel of options.channels)
      await fresh.query(`LISTEN ${fresh.escapeIdentifier(channel)}`);
    // Closed while it connected: nobody else would end it.
    if (closed) return void fresh.end();
    client = fresh;
    // Whatever was announced while nobody listened is unknown.
    for (const channel of options.channels) emitter.emit(channel, undefined);
    lastAnswer = performance.now();
  }

  function lose(lost: pg.Client): void {
    if (client !== lost) return;
    client = undefined;
    lastAnswer = 0;
    lost.end().catch(() => {});
  }

  async function beat(): Promise<void> {
    try {
      if (client === undefined) {
        await connect();
      } else {
        const asked = performance.now();
        const current = client;
        const late = setTimeout(() => lose(current), 5_000);
        await current.query('SELECT 1').finally(() => clearTimeout(late));
        // Counted from the question: the answer vouches for that instant, not for its own arrival.
        if (client === current) lastAnswer = asked;
      }
    } catch (error) {
      if (client !== undefined) lose(client);
      options.onError?.(error as Error);
    }
    if (!closed) timer = setTimeout(beat, client === undefined ? RECONNECT_MS : BEAT_MS);
  }

  await connect();
  timer = setTimeout(beat, BEAT_MS);
  return {
    on: (channel, listener) => {
      emitter.on(channel, listener);
    },
    async settle() {
      await client?.query('SELECT 1');
    },
    isLive: () => performance.now() - lastAnswer < LIVE_MS,
    async close() {
      closed = true;
      clearTimeout(timer);
      const last = client;
      client = undefined;
      await last?.end().catch(() => {});
    },
  };
}
