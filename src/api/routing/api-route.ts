import type { Context } from 'koa';
import type { Logger } from 'pino';
import { z } from 'zod';
import type { Passwords } from '../../domain/people/passwords.ts';
import type { Config } from '../../platform/config/config.ts';
import type { Database, Transaction } from '../../platform/database/database.ts';
import type { Sealer } from '../../platform/secrets/sealer.ts';
import type { FloodGuard } from '../../platform/throttles/flood-guard.ts';
import type { Throttles } from '../../platform/throttles/throttles.ts';
import type { Places } from '../../platform/web/places.ts';
import {
  completeRoute,
  type Guard,
  type Method,
  type ParamsOf,
  type Route,
  type Schema,
  type WithParams,
} from '../../platform/web/route.ts';
import type { FieldNames } from './problem.ts';

/** What the API's routes work with; put together with the other parts of the web server. */
export type ApiParts = {
  config: Config;
  database: Database;
  sealer: Sealer;
  log: Logger;
  throttle: Throttles;
  floods: FloodGuard;
  passwords: Passwords;
  /** Requests that are under way at once. */
  apiPlaces: Places<'tenant' | 'token'>;
  /** The document of all its routes (OpenAPI). */
  apiDocument(): Record<string, unknown>;
  /** After a change of one's own: whatever this process serves next shows it. */
  settle(): Promise<void>;
};

export type ApiRequest = { ctx: Context; ip: string };

/** What a handler answers with. */
export type ApiAnswer<Value = unknown> = {
  value: Value;
  /** What its ETag is of, where that is not the value: a secret that is shown once is of no state. */
  state?: object;
  /** Path below `/api/v1` of what was made. */
  location?: string;
};

export type ApiKind = {
  parts: ApiParts;
  request: ApiRequest;
  limit: never;
  answer: ApiAnswer | undefined;
  extra: {
    /** What it does, in one line. */
    summary: string;
    /** What else is to know. */
    description: string | undefined;
    /** What its body may be. */
    body: Schema | undefined;
    /** Without a schema, nothing is answered but that it is done. */
    answers: { status: 200 | 201 | 204; schema: Schema | undefined };
    /** It changes what is there, and has to say which state of it (RFC 9110 §13.1.1). */
    isConditional: boolean;
    /** The domain's names of its fields that have another one here. */
    names: FieldNames;
  };
};

export type ApiRoute = Route<ApiKind>;

// biome-ignore lint/complexity/noBannedTypes: an object without properties is what is meant
type Nothing = z.ZodObject<{}>;

/** What a handler gets: all of it is checked. */
export type ApiInput<Who, Params = object, Query = object, Body = object> = {
  parts: ApiParts;
  request: ApiRequest;
  who: Who;
  params: Params;
  query: Query;
  body: Body;
  /**
   * Makes the change, in one transaction with the answer that is kept for whoever sends the same request again. Then
   * the work is not done again, and the answer is the same.
   * @throws ProblemError where the same request is under way, or the key is another's
   */
  change<Value>(work: (tx: Transaction) => Promise<ApiAnswer<Value>>): Promise<ApiAnswer<Value>>;
  /**
   * Makes sure that the sender knows what they change, in the transaction that locked it.
   * @throws ProblemError 412
   */
  requireMatch(state: object): void;
};

type Described<
  Path extends string,
  Who,
  Params,
  Query extends Schema,
  Body extends Schema,
  Answer extends Schema | undefined,
> = WithParams<Path, Params> & {
  method: Method;
  path: Path;
  who: Guard<ApiKind, Who>;
  summary: string;
  description?: string;
  query?: Query;
  body?: Body;
  answer?: Answer;
  isConditional?: true;
  names?: FieldNames;
  handle(
    input: ApiInput<Who, z.output<Params>, z.output<Query>, z.output<Body>>,
  ): Promise<Answer extends Schema ? ApiAnswer<z.output<Answer>> : undefined>;
};

const NONE = z.strictObject({});

/** Writes a route of the API down. What is made is answered with 201, what answers nothing with 204. */
export function apiRoute<
  const Path extends string,
  Who,
  Params extends ParamsOf<Path>,
  Query extends Schema = Nothing,
  Body extends Schema = Nothing,
  Answer extends Schema | undefined = undefined,
>(route: Described<Path, Who, Params, Query, Body, Answer> & { makes?: true }): ApiRoute {
  const { answer: schema, makes, ...rest } = route;
  if (rest.body !== undefined && ['GET', 'DELETE'].includes(rest.method))
    throw new Error(`${rest.method} ${rest.path} has no body`);
  return completeRoute<ApiKind>({
    query: NONE,
    description: undefined,
    body: undefined,
    isConditional: false,
    names: {},
    ...rest,
    answers: { status: schema === undefined ? 204 : makes ? 201 : 200, schema },
  } as Partial<ApiRoute>);
}
