import type { z } from 'zod';
import { NO_SUCH_ID } from '../text/uuid.ts';
import { readFormPairs } from './form-body.ts';
import { fieldsFor, type Pairs, parametersFor, type Upload } from './form-fields.ts';
import { notFound, RequestError } from './http-errors.ts';
import { readMultipart } from './multipart-form.ts';
import { nameRoute } from './request-log.ts';
import type { Count, Method, Route, RouteKind, WebRequest } from './route.ts';
import { type Resource, type RouteTable, rawParams } from './route-table.ts';
import { keepAddressToOurselves } from './security-headers.ts';

type Found<K extends RouteKind> = {
  route: Route<K>;
  resource: Resource<K>;
  params: Record<string, string>;
};

/**
 * The route that answers this path and method; HEAD is answered as GET is. From here on the log knows the
 * request by the route's pattern.
 * @throws RequestError 404, or 405 with `Allow`
 */
export function findRoute<K extends RouteKind>(
  table: RouteTable<K>,
  ctx: WebRequest['ctx'],
  path: string,
): Found<K> {
  nameRoute(ctx, table.nameOf(path));
  const match = table.find(path);
  if (match === undefined) throw notFound('no such address');
  const { resource, values } = match;
  const route = resource.routes.get((ctx.method === 'HEAD' ? 'GET' : ctx.method) as Method);
  if (route === undefined) {
    const methods = [...resource.routes.keys()];
    ctx.set('Allow', (methods.includes('GET') ? ['HEAD', ...methods] : methods).join(', '));
    throw new RequestError(405, 'bad-request', `${ctx.method} is not for this address`);
  }
  if (route.secret.length > 0) keepAddressToOurselves(ctx);
  return { route, resource, params: rawParams(route, values) };
}

/**
 * Takes a request through its route: the address, where a form comes from, who asks, what they send, and
 * only then the handler. A form's body is read when it is known that its sender may send one.
 * @throws RequestError, CsrfError, BusyError, ClientGoneError
 */
export async function runRoute<K extends RouteKind>(
  { route, resource, params: raw }: Found<K>,
  context: {
    parts: K['parts'];
    request: K['request'];
    count: Count<K['limit']>;
    /** Called once it is known who asks, before anything that they send is read. @throws BusyError */
    prepare?(route: Route<K>, who: unknown): void;
  },
): Promise<void> {
  const { parts, request, count } = context;
  const { ctx, origin } = request;
  const params = route.params.safeParse(raw);
  if (!params.success) throw notFound('no such address');
  if (route.form !== undefined) parts.csrf.checkSource(ctx, origin);
  const isPage = resource.routes.has('GET');
  const admitted = await route.who.admit({ parts, request, params: params.data, isPage });
  if (admitted === undefined) return;
  const parameters = new URLSearchParams(ctx.querystring);
  const query = parse(route.query, parametersFor(route.query, parameters));
  const { who } = admitted;
  context.prepare?.(route, who);
  const leave = bringsFile(route, ctx)
    ? parts.uploads.enter(ctx.req, request.owners(who))
    : undefined;
  try {
    const sent = await readSent(route, context);
    await route.handle({ parts, request, who, params: params.data, query, ...sent, count });
  } finally {
    leave?.();
  }
}

function bringsFile<K extends RouteKind>({ file }: Route<K>, ctx: WebRequest['ctx']): boolean {
  return file !== undefined && /^multipart\//i.test(ctx.get('content-type'));
}

async function readSent<K extends RouteKind>(
  route: Route<K>,
  { parts, request: { ctx } }: { parts: K['parts']; request: K['request'] },
): Promise<{ form: unknown; file: Upload }> {
  if (route.form === undefined) return { form: undefined, file: undefined };
  // Of a form with a file before the file is kept: the token stands first.
  const check = (pairs: Pairs) => parts.csrf.checkToken(ctx, pairs);
  const { pairs, file } = await readBody(route, ctx, check);
  return { form: parse(route.form, fieldsFor(route.form, pairs)), file };
}

async function readBody<K extends RouteKind>(
  route: Route<K>,
  ctx: WebRequest['ctx'],
  check: (pairs: Pairs) => void,
): Promise<{ pairs: [string, string][]; file: Upload }> {
  if (route.file === undefined || !bringsFile(route, ctx)) {
    const pairs = await readFormPairs(ctx.req);
    check(pairs);
    return { pairs, file: undefined };
  }
  const { field: fileField, maxBytes: maxFileBytes } = route.file;
  const { fields, file } = await readMultipart(ctx.req, {
    fileField,
    maxFileBytes,
    check: (read) => check(Object.entries(read)),
  });
  return { pairs: Object.entries(fields), file };
}

/** @throws RequestError 404 for an id that is none, else 400, which names the fields and never what stood in them */
function parse<Schema extends z.ZodObject>(
  schema: Schema,
  sent: Record<string, unknown>,
): z.output<Schema> {
  const result = schema.safeParse(sent);
  if (result.success) return result.data;
  const { issues } = result.error;
  if (issues.every(({ message }) => message === NO_SUCH_ID)) throw notFound(NO_SUCH_ID);
  const known = new Set(Object.keys(schema.shape));
  const names = issues.map(({ path: [name] }) => String(name));
  const faulty = names.filter((name) => known.has(name)).join(', ');
  throw new RequestError(400, 'bad-request', `cannot be read: ${faulty}`);
}
