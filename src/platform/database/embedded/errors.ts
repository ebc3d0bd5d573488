/** Another hub holds the data folder; `pid` is undefined when it had no time to write its name yet. */
export class DataFolderInUseError extends Error {
  readonly folder: string;
  readonly pid: number | undefined;
  constructor(folder: string, pid: number | undefined) {
    const who = pid === undefined ? 'another hub' : `another hub (process ${pid})`;
    super(
      `The data folder ${folder} is in use by ${who}; stop it, or give this one its own TROUSSEAU_DATA.`,
    );
    this.name = 'DataFolderInUseError';
    this.folder = folder;
    this.pid = pid;
  }
}

/** The embedded PostgreSQL cannot be set up or started; the message says what to do about it. */
export class EmbeddedPostgresError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'EmbeddedPostgresError';
  }
}
