import pg from 'pg';

/** The two connections of a change feed: one speaks as whoever changes something does, the other listens. */
export type FeedLink = {
  /**
   * Announces something of our own and resolves when it is heard: announcements come in the order of their
   * commits, so all that was committed before has been heard by then.
   * @throws AnnouncementsUnheardError when it is not heard within `latestMs`
   */
  beat(latestMs: number): Promise<void>;
  /** Whoever waits for a beat is told why. */
  close(reason?: Error): Promise<void>;
};

/** The database takes announcements (`NOTIFY`), but they do not arrive where this process listens. */
export class AnnouncementsUnheardError extends Error {
  override readonly name = 'AnnouncementsUnheardError';
  constructor(listensElsewhere: boolean) {
    super(
      listensElsewhere
        ? 'what is announced (NOTIFY) over DATABASE_URL does not arrive over DATABASE_LISTEN_URL: give in the latter ' +
            'the same database of the same PostgreSQL, without a pooler in between'
        : 'what the database announces (NOTIFY) does not arrive: DATABASE_URL seems to lead through a connection pooler ' +
            'that keeps no sessions; let it keep them (PgBouncer: pool_mode = session), or give the address of PostgreSQL ' +
            'itself as DATABASE_LISTEN_URL beside it',
    );
  }
}

export type LinkOptions = {
  connection: pg.ClientConfig;
  listenConnection?: pg.ClientConfig;
  channels: readonly string[];
  beatChannel: string;
  onAnnouncement(channel: string, payload: string | undefined): void;
  /** One of the connections is gone, so the link is worth nothing. */
  onLost(link: FeedLink): void;
};

const CONNECT_TIMEOUT_MS = 3_000;

/** Opens both connections and listens. */
export async function openFeedLink(options: LinkOptions): Promise<FeedLink> {
  const { connection, listenConnection = connection, channels, beatChannel } = options;
  const ears = clientOf(listenConnection, 'listen');
  const voice = clientOf(connection, 'beat');
  /** Who waits for which beat. */
  const waiting = new Map<string, { heard(): void; gone(reason: Error): void }>();
  let count = 0;
  let closing: Promise<void> | undefined;

  const link: FeedLink = {
    async beat(latestMs) {
      count += 1;
      const payload = String(count);
      const { promise: heard, resolve, reject } = Promise.withResolvers<void>();
      let isSaid = false;
      const late = setTimeout(() => {
        reject(
          isSaid ? new AnnouncementsUnheardError(connection !== listenConnection) : noAnswer(),
        );
      }, latestMs);
      waiting.set(payload, { heard: resolve, gone: reject });
      // Nobody needs it on the disk. In one message, so that a pooler gives it one session.
      const sql = `BEGIN; SET LOCAL synchronous_commit = off; NOTIFY ${beatChannel}, '${payload}'; COMMIT`;
      voice.query(sql).then(() => {
        isSaid = true;
      }, reject);
      try {
        await heard;
      } finally {
        clearTimeout(late);
        waiting.delete(payload);
      }
    },
    close(reason = connectionGone()) {
      closing ??= Promise.all([ears, voice].map((client) => client.end().catch(() => {}))).then(
        () => {},
      );
      for (const { gone } of waiting.values()) gone(reason);
      return closing;
    },
  };
  const lost = () => {
    if (closing === undefined) options.onLost(link);
  };
  for (const client of [ears, voice]) client.on('error', lost).on('end', lost);
  ears.on('notification', ({ channel, payload }) => {
    if (channel !== beatChannel) options.onAnnouncement(channel, payload || undefined);
    else waiting.get(payload ?? '')?.heard();
  });
  try {
    await Promise.all([ears.connect(), voice.connect()]);
    const names = [...channels, beatChannel].map((channel) => ears.escapeIdentifier(channel));
    await ears.query(names.map((name) => `LISTEN ${name}`).join('; '));
  } catch (error) {
    await link.close();
    throw error;
  }
  return link;
}

/** Named, so that an operator who lists the database's connections knows what it is for. */
function clientOf(config: pg.ClientConfig, task: string): pg.Client {
  return new pg.Client({
    ...config,
    application_name: `${config.application_name}-${task}`,
    keepAlive: true,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
  });
}

function noAnswer(): Error {
  return new Error('the database does not answer the change feed');
}

function connectionGone(): Error {
  return new Error('Connection terminated: the change feed lost its connection');
}
