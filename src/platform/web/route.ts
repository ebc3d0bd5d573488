import type { Context } from 'koa';
import { z } from 'zod';
import type { Csrf } from './csrf.ts';
import type { Upload } from './form-fields.ts';
import type { Owners, Uploads } from './uploads.ts';

/** What the routes of one kind work with: a tenant's pages, the installation's own, an API. */
export type RouteKind = {
  parts: object;
  request: { ctx: Context };
  /** Names of what may be counted. */
  limit: string;
  /** What else a route of this kind says of itself. */
  extra: object;
  /** What handlers give back; those of pages give nothing, and answer by the request. */
  answer?: unknown;
};

/** Pages and their forms, which `run-route.ts` takes requests through. */
export type FormKind = RouteKind & {
  parts: { csrf: Csrf; uploads: Uploads };
  request: WebRequest;
};

export type WebRequest = {
  ctx: Context;
  /** Where forms may come from. */
  origin: string;
  /** Whose work it is, where there are only so many places for each. */
  owners(who: unknown): Owners;
};

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
export type Schema = z.ZodObject;
// biome-ignore lint/complexity/noBannedTypes: an object without properties is what is meant
type Nothing = {};

/** Counts a request before it costs anything. @returns minutes to wait; undefined when it is let through */
export type Count<Limit extends string> = (
  limit: Limit,
  name?: string,
) => Promise<number | undefined>;

/** Who may come in by a route, and as whom. */
export type Guard<K extends RouteKind, Who> = {
  name: string;
  /**
   * @returns undefined when the answer is given already, such as the way to the sign-in
   * @throws RequestError for those who may not
   */
  admit(asked: {
    parts: K['parts'];
    request: K['request'];
    params: Readonly<Record<string, unknown>>;
    /** Whether GET shows a page at this address. */
    isPage: boolean;
  }): Promise<{ who: Who } | undefined>;
};

export const anyone: Guard<RouteKind, undefined> = {
  name: 'anyone',
  admit: async () => ({ who: undefined }),
};

/** What a handler gets: all of it is checked. */
export type Input<
  K extends RouteKind,
  Who = undefined,
  Params = Nothing,
  Query = Nothing,
  Form = undefined,
  Limit extends string = never,
> = {
  parts: K['parts'];
  request: K['request'];
  who: Who;
  params: Params;
  query: Query;
  form: Form;
  /** Of a route with a file field. */
  file: Upload;
  count: Count<Limit>;
};

/** A route as the machinery sees it; `routeMaker` makes them. */
export type Route<K extends RouteKind> = K['extra'] & {
  method: Method;
  path: string;
  params: Schema;
  query: Schema;
  form: Schema | undefined;
  file: FileField | undefined;
  who: Guard<K, unknown>;
  limits: readonly K['limit'][];
  secret: readonly string[];
  // biome-ignore lint/suspicious/noExplicitAny: each route's own types are checked where it is written
  handle(input: Input<K, any, any, any, any, any>): Promise<AnswerOf<K>> | AnswerOf<K>;
};

// biome-ignore lint/suspicious/noConfusingVoidType: it is what a function returns that returns nothing
export type AnswerOf<K extends RouteKind> = K extends { answer: infer Answer } ? Answer : void;

/** The one file that a form may bring: then it may come as `multipart/form-data`, too. */
export type FileField = { field: string; maxBytes: number };

/** Names of the parameters of a path: those of `/a/:slug/:id` are `slug` and `id`. */
export type ParamsIn<Path extends string> = Path extends `${infer Head}/${infer Rest}`
  ? ParamsIn<Head> | ParamsIn<Rest>
  : Path extends `:${infer Name}`
    ? Name
    : never;

export type ParamsOf<Path extends string> = z.ZodObject<{ [Name in ParamsIn<Path>]: z.ZodType }>;

/** Each parameter has a schema: what does not fit is an address that does not exist. */
export type WithParams<Path extends string, Params> = [ParamsIn<Path>] extends [never]
  ? { params?: undefined }
  : { params: Params };

type Described<
  K extends RouteKind,
  Path extends string,
  Who,
  Params,
  Query extends Schema,
  Limit,
> = K['extra'] &
  WithParams<Path, Params> & {
    /** Below the place of the table; `:name` stands for one segment, as it was sent. */
    path: Path;
    who: Guard<K, Who>;
    query?: Query;
    /** What the handler may count. */
    limits?: readonly Limit[];
    /** Parameters of the path or the query that open something for whoever knows them. */
    secret?: readonly (ParamsIn<Path> | keyof Query['shape'])[];
  };

/** Writes a route down. Without `who`, or of a form without its schema, it is none. */
export interface RouteMaker<K extends RouteKind> {
  <
    const Path extends string,
    Who,
    Params extends ParamsOf<Path>,
    Query extends Schema = z.ZodObject<Nothing>,
    const Limit extends K['limit'] = never,
  >(
    route: Described<K, Path, Who, Params, Query, Limit> & {
      method: 'GET';
      handle(
        input: Input<K, Who, z.output<Params>, z.output<Query>, undefined, Limit>,
      ): Promise<void> | void;
    },
  ): Route<K>;
  <
    const Path extends string,
    Who,
    Params extends ParamsOf<Path>,
    Form extends Schema,
    Query extends Schema = z.ZodObject<Nothing>,
    const Limit extends K['limit'] = never,
  >(
    route: Described<K, Path, Who, Params, Query, Limit> & {
      method: 'POST';
      form: Form;
      file?: FileField;
      handle(
        input: Input<K, Who, z.output<Params>, z.output<Query>, z.output<Form>, Limit>,
      ): Promise<void> | void;
    },
  ): Route<K>;
}

const NONE = z.object({});

export function routeMaker<K extends RouteKind>(): RouteMaker<K> {
  return (route: Partial<Route<K>>): Route<K> => {
    if ((route.method === 'POST') !== (route.form !== undefined))
      throw new Error(`${nameOf(route)}: a form has a schema, and what is no form has none`);
    return completeRoute(route);
  };
}

/**
 * A route with all that it leaves unsaid.
 * @throws Error when it does not say who may, or not what its parameters are
 */
export function completeRoute<K extends RouteKind>(route: Partial<Route<K>>): Route<K> {
  const { path, who } = route;
  if (who === undefined) throw new Error(`${nameOf(route)} does not say who may`);
  const names = paramsOf(path as string);
  const described = Object.keys(route.params?.shape ?? {});
  if (names.sort().join() !== described.sort().join())
    throw new Error(`${nameOf(route)}: each parameter has a schema`);
  return {
    query: NONE,
    form: undefined,
    file: undefined,
    limits: [],
    secret: [],
    ...route,
    params: route.params ?? NONE,
  } as Route<K>;
}

function nameOf({ method, path }: { method?: unknown; path?: unknown }): string {
  return `${method} ${path}`;
}

export function paramsOf(path: string): string[] {
  return path
    .split('/')
    .filter((segment) => segment.startsWith(':'))
    .map((segment) => segment.slice(1));
}
