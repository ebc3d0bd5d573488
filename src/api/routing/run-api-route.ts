import type { z } from 'zod';
import { parametersFor } from '../../platform/web/form-fields.ts';
import { notFound } from '../../platform/web/http-errors.ts';
import { readJson } from '../../platform/web/json-body.ts';
import { nameRoute } from '../../platform/web/request-log.ts';
import type { RouteTable } from '../../platform/web/route-table.ts';
import { findRoute } from '../../platform/web/run-route.ts';
import type { ApiAnswer, ApiKind, ApiParts, ApiRequest, ApiRoute } from './api-route.ts';
import type { Caller } from './callers.ts';
import { changesOf } from './change.ts';
import { etagOf, isKnown, requireIfMatch, requireMatch } from './conditional.ts';
import { ProblemError, type ProblemItem, pointerTo } from './problem.ts';

/**
 * Takes a request through its route: who asks, the address, what it is about, what they send, and only then the
 * handler. A body is read when it is known that its sender may send one, and there is a place for the request.
 * @param path below `/api`
 * @throws RequestError, DomainError
 * @throws BusyError when too many of one token, of one community or in all are under way
 */
export async function runApiRoute(
  table: RouteTable<ApiKind>,
  parts: ApiParts,
  request: ApiRequest,
  path: string,
): Promise<void> {
  const { ctx } = request;
  const { route, params: raw } = findRoute(table, ctx, path);
  nameRoute(ctx, `/api${route.path}`);
  ctx.state.fieldNames = route.names;
  const isPage = false;
  const admitted = await route.who.admit({ parts, request, params: raw, isPage });
  const who = admitted?.who as Caller | undefined;
  const leave = who && parts.apiPlaces.take(ownersOf(who));
  try {
    await serve(route, raw, parts, request, who);
  } finally {
    leave?.();
  }
}

/** So much at once is one program's, and one community's: others are served beside it. */
function ownersOf({ tokenId, bearer }: Caller): { tenant: string; token: string } {
  return { tenant: bearer.community?.id ?? 'hub', token: tokenId };
}

async function serve(
  route: ApiRoute,
  raw: Record<string, string>,
  parts: ApiParts,
  request: ApiRequest,
  who: Caller | undefined,
): Promise<void> {
  const { ctx } = request;
  const params = route.params.safeParse(raw);
  if (!params.success) throw notFound('no such address');
  const query = parse(
    route.query,
    parametersFor(route.query, new URLSearchParams(ctx.querystring)),
    toParameter,
  );
  if (route.isConditional) requireIfMatch(request);
  const sent = await readSent(route, request);
  const input = {
    parts,
    request,
    who,
    params: params.data,
    query,
    body: sent.body,
    change: who && changesOf(parts, request, who, sent.bytes),
    requireMatch: (state: object) => requireMatch(request, state),
  };
  answer(route, request, await route.handle(input as never));
}

type Sent = { body: object; bytes: Buffer };

async function readSent({ body: schema }: ApiRoute, { ctx }: ApiRequest): Promise<Sent> {
  if (schema === undefined) return { body: {}, bytes: Buffer.alloc(0) };
  const { value, bytes } = await readJson(ctx.req);
  return { body: parse(schema, value, toPointer), bytes };
}

type Issue = z.core.$ZodIssue;

/** @throws ProblemError 422 of a body, 400 of a query: it names the fields, and never what stood in them */
function parse<Shape extends z.ZodObject>(
  schema: Shape,
  sent: unknown,
  toItems: (issue: Issue) => ProblemItem[],
): z.output<Shape> {
  const result = schema.safeParse(sent);
  if (result.success) return result.data;
  const status = toItems === toPointer ? 422 : 400;
  const errors = result.error.issues.flatMap(toItems);
  throw new ProblemError(status, 'invalid', 'mend what the errors say', errors);
}

function toPointer(issue: Issue): ProblemItem[] {
  if (issue.code !== 'unrecognized_keys')
    return [{ pointer: pointerTo(issue.path), detail: issue.message }];
  return issue.keys.map((key) => ({
    pointer: pointerTo([...issue.path, key.slice(0, 100)]),
    detail: 'There is no such field here.',
  }));
}

function toParameter(issue: Issue): ProblemItem[] {
  const names = issue.code === 'unrecognized_keys' ? issue.keys : [issue.path[0]];
  return names.map((name) => ({
    parameter: String(name).slice(0, 100),
    detail: issue.code === 'unrecognized_keys' ? 'There is no such parameter here.' : issue.message,
  }));
}

function answer(
  { answers: { status }, method }: ApiRoute,
  request: ApiRequest,
  given: ApiAnswer | undefined,
): void {
  const { ctx } = request;
  ctx.status = status;
  if (given === undefined) return;
  const etag = etagOf(given.state ?? given.value);
  ctx.set('ETag', etag);
  if (given.location !== undefined) ctx.set('Location', `/api/v1${given.location}`);
  if (method === 'GET' && isKnown(request, etag)) {
    ctx.status = 304;
    return;
  }
  ctx.type = 'application/json';
  ctx.body = JSON.stringify(given.value);
}
