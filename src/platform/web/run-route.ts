import type { z } from 'zod';
import { NO_SUCH_ID } from '../text/uuid-schema.ts';
import { readFormPairs } from './form-body.ts';
import { fieldsFor, parametersFor, type Upload } from './form-fields.ts';
import { notFound, RequestError } from './http-errors.ts';
import { readMultipart } from './multipart-form.ts';
import { keepAddress, nameRoute } from './request-log.ts';
import type { Count, FileField, FormKind, Method, Route, RouteKind, WebRequest } from './route.ts';
import { type Resource, type RouteTable, rawParams } from './route-table.ts';

export type Found<K extends RouteKind> = {
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
  if (route.secret.length > 0) keepAddress(ctx);
  return { route, resource, params: rawParams(route, values) };
}

/**
 * Takes a request through its route: the address, where a form comes from, who asks, what they send, and
 * only then the handler. A form is small and is read first, so that one which is none of ours is told so
 * whoever sends it; a file is read when it is known that its sender may send one.
 * @throws RequestError, CsrfError
 */
export async function runRoute<K extends FormKind>(
  { route, resource, params: raw }: Found<K>,
  context: {
    parts: K['parts'];
    request: K['request'];
    count: Count<K['limit']>;
    /** Called before anything that was sent is read, and again once it is known who asks. @throws BusyError */
    prepare?(route: Route<K>, who?: unknown): void;
  },
): Promise<void> {
  const { parts, request, count } = context;
  const { ctx, origin } = request;
  const params = route.params.safeParse(raw);
  if (!params.success) throw notFound('no such address');
  if (route.form !== undefined) parts.csrf.checkSource(ctx, origin);
  context.prepare?.(route);
  const isLarge = bringsFile(route, ctx);
  const small = isLarge ? undefined : await readForm(route, context);
  const isPage = resource.routes.has('GET');
  const admitted = await route.who.admit({ parts, request, params: params.data, isPage });
  if (admitted === undefined) return;
  const { who } = admitted;
  const query = parse(
    route.query,
    parametersFor(route.query, new URLSearchParams(ctx.querystring)),
  );
  if (who !== undefined) context.prepare?.(route, who);
  const leave = isLarge ? parts.uploads.enter(ctx.req, request.owners(who)) : undefined;
  try {
    const { pairs, file } = small ?? (await readWithFile(route, context));
    const form = route.form && parse(route.form, fieldsFor(route.form, pairs));
    await route.handle({ parts, request, who, params: params.data, query, form, file, count });
  } finally {
    leave?.();
  }
}

function bringsFile<K extends FormKind>({ file }: Route<K>, ctx: WebRequest['ctx']): boolean {
  return file !== undefined && /^multipart\//i.test(ctx.get('content-type'));
}

type Sent = { pairs: [string, string][]; file: Upload };
type Context<K extends FormKind> = { parts: K['parts']; request: K['request'] };

async function readForm<K extends FormKind>(
  { form }: Route<K>,
  { parts, request: { ctx } }: Context<K>,
): Promise<Sent> {
  if (form === undefined) return { pairs: [], file: undefined };
  const pairs = await readFormPairs(ctx.req);
  parts.csrf.checkToken(ctx, pairs);
  return { pairs, file: undefined };
}

/** Before the file is kept the token is checked, which stands first. */
async function readWithFile<K extends FormKind>(
  { file: upload }: Route<K>,
  { parts, request: { ctx } }: Context<K>,
): Promise<Sent> {
  const { field: fileField, maxBytes: maxFileBytes } = upload as FileField;
  const { fields, file } = await readMultipart(ctx.req, {
    fileField,
    maxFileBytes,
    check: (read) => parts.csrf.checkToken(ctx, Object.entries(read)),
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
