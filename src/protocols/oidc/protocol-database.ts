import { errors } from 'oidc-provider';
import { isDatabaseAway } from '../../platform/database/availability.ts';
import type { Queryable } from '../../platform/database/database.ts';

/** The database cannot serve now, in the protocol's words (RFC 6749 §4.1.2.1) and as HTTP's 503. */
export class DatabaseAwayError extends errors.TemporarilyUnavailable {
  override readonly name = 'TemporarilyUnavailable';
  override status = 503;
  override statusCode = 503;
  /** What the database said: for the log, never for the client. */
  readonly driverError: unknown;

  constructor(driverError: unknown) {
    super('the hub cannot reach its database; try again later');
    this.driverError = driverError;
  }
}

/** The database, for a protocol's library, which takes any other error for a fault of ours. */
export function protocolDatabase(db: Queryable): Queryable {
  return {
    async query(sql, params, name) {
      try {
        return await db.query(sql, params, name);
      } catch (error) {
        throw isDatabaseAway(error) ? new DatabaseAwayError(error) : error;
      }
    },
  };
}
