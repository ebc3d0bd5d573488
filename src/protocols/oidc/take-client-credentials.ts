import { hash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { ClientMetadata, KoaContextWithOIDC } from 'oidc-provider';
import { readUpTo } from '../../platform/web/read-body.ts';

/** Where clients say who they are. */
const ENDPOINTS = new Set([
  '/oidc/token',
  '/oidc/token/introspection',
  '/oidc/token/revocation',
  '/oidc/request',
  '/oidc/device/auth',
]);
/** As much of a body as the provider reads. */
const MAX_BODY = 56 * 1024;
/** Longest client id, every character of it percent-encoded. */
const MAX_ID = 255 * 3;

type Known = { id: string; secret?: { text: string; digest: Buffer } };
/** A part of a form, as it came, with its name as it is meant. */
type Pair = { name: string; raw: string };
type Mechanism = 'client_secret_basic' | 'client_secret_post';

/**
 * Lets clients prove themselves as they do it in the wild. RFC 6749 §2.3.1 has id and secret form-encoded
 * in the header, and many clients do not encode them; some send the secret in header and body at once. What
 * means a known client and its secret in one of these ways is put into the one form that the provider
 * reads; everything else is left as it came, for the provider to refuse.
 */
export function takeClientCredentials(clients: readonly ClientMetadata[]) {
  const known = new Map(
    clients.map((client): [string, Known] => [
      client.client_id,
      { id: client.client_id, secret: secretOf(client) },
    ]),
  );
  return async (ctx: KoaContextWithOIDC, next: () => Promise<void>): Promise<void> => {
    if (ctx.method === 'GET') takePlainId(ctx, known);
    if (ctx.method === 'POST' && ENDPOINTS.has(ctx.path)) await settleBody(ctx, known);
    await next();
  };
}

async function settleBody(
  ctx: KoaContextWithOIDC,
  known: ReadonlyMap<string, Known>,
): Promise<void> {
  const { req } = ctx;
  const tooLong = Number(req.headers['content-length'] ?? 0) > MAX_BODY;
  if (tooLong || ctx.is('application/x-www-form-urlencoded') === false) return;
  let body: Buffer;
  try {
    // Up to a little more than the provider reads, so that it is the provider that refuses what is too long.
    body = await readUpTo(req, MAX_BODY);
  } catch (error) {
    // The client hung up: the provider finds out when it reads.
    replaceBody(req, error as Error);
    return;
  }
  const sent = { header: req.headers.authorization, pairs: pairsOf(body.toString('latin1')) };
  ctx.state.mechanisms = mechanisms(sent);
  const settled = settle(sent, known);
  if (settled.header !== undefined) req.headers.authorization = settled.header;
  const isSame = settled.pairs === sent.pairs;
  replaceBody(req, isSame ? body : Buffer.from(textOf(settled.pairs), 'latin1'));
}

/** In which ways the request at hand brought a secret. */
export function mechanismsOf(ctx: { state: Record<string, unknown> }): Mechanism[] {
  return (ctx.state.mechanisms as Mechanism[] | undefined) ?? [];
}

type Sent = { header: string | undefined; pairs: Pair[] };

function mechanisms({ header, pairs }: Sent): Mechanism[] {
  return [
    ...(header === undefined ? [] : (['client_secret_basic'] as const)),
    ...(soleValue(pairs, 'client_secret') ? (['client_secret_post'] as const) : []),
  ];
}

function settle(sent: Sent, known: ReadonlyMap<string, Known>): Sent {
  const { header, pairs } = sent;
  const isTwice = (name: string) => pairs.filter((pair) => pair.name === name).length > 1;
  if (isTwice('client_id') || isTwice('client_secret')) return sent;
  const id = soleValue(pairs, 'client_id');
  const secret = soleValue(pairs, 'client_secret');
  const named = id === undefined ? undefined : findById(known, id);
  if (header === undefined) {
    if (named === undefined) return sent;
    const proven = secret !== undefined && matches(named, secret);
    return { header, pairs: rewrite(pairs, named, proven ? 'canonical' : 'as-is') };
  }
  const client = findByHeader(known, header);
  // Two names, or a secret that is not the same: which one is meant is nobody's to guess.
  if (client === undefined || (id !== undefined && named !== client)) return sent;
  if (secret !== undefined && secret !== '' && !matches(client, secret)) return sent;
  return { header: basic(client), pairs: rewrite(pairs, client, 'drop') };
}

/** The body's pairs with id and secret in their proper form; untouched where they were already. */
function rewrite(pairs: Pair[], client: Known, secret: 'canonical' | 'as-is' | 'drop'): Pair[] {
  if (!pairs.some(({ name }) => name === 'client_id' || name === 'client_secret')) return pairs;
  const result = pairs.flatMap((pair) => {
    if (pair.name === 'client_id') return [pairOf('client_id', client.id)];
    if (pair.name !== 'client_secret' || secret === 'as-is') return [pair];
    return secret === 'drop' ? [] : [pairOf('client_secret', client.secret?.text ?? '')];
  });
  return textOf(result) === textOf(pairs) ? pairs : result;
}

function pairOf(name: string, value: string): Pair {
  return { name, raw: `${name}=${encodeURIComponent(value)}` };
}

function basic({ id, secret }: Known): string {
  const text = `${encodeURIComponent(id)}:${encodeURIComponent(secret?.text ?? '')}`;
  return `Basic ${Buffer.from(text).toString('base64')}`;
}

/** The client of a Basic header (RFC 7617) with its own secret. Ids that are not encoded may hold colons. */
function findByHeader(known: ReadonlyMap<string, Known>, header: string): Known | undefined {
  const [, token] = /^basic +([a-z0-9+/]+={0,2}) *$/i.exec(header) ?? [];
  if (token === undefined) return undefined;
  const text = Buffer.from(token, 'base64').toString();
  for (let at = text.indexOf(':'); at !== -1 && at <= MAX_ID; at = text.indexOf(':', at + 1)) {
    const client = findById(known, text.slice(0, at));
    if (client !== undefined && matches(client, text.slice(at + 1))) return client;
  }
  return undefined;
}

function findById(known: ReadonlyMap<string, Known>, text: string): Known | undefined {
  if (text.length > MAX_ID) return undefined;
  for (const form of formsOf(text)) {
    const client = known.get(form);
    if (client !== undefined) return client;
  }
  return undefined;
}

/** Compares every form, whether or not one fits before: how long it takes tells nothing. */
function matches({ secret }: Known, text: string): boolean {
  if (secret === undefined || text === '') return false;
  let found = false;
  for (const form of formsOf(text)) {
    if (timingSafeEqual(hash('sha256', form, 'buffer'), secret.digest)) found = true;
  }
  return found;
}

/**
 * What a text can stand for: itself, percent-encoded, or form-encoded (where `+` is a space), once or
 * twice: some libraries encode what they then put into a form.
 */
function formsOf(text: string): string[] {
  if (!isEncoded(text)) return [text];
  const form = decodeForm(text);
  return [text, decode(text), form, decodeForm(form)];
}

function isEncoded(text: string): boolean {
  return text.includes('%') || text.includes('+');
}

function decodeForm(text: string): string {
  if (!isEncoded(text)) return text;
  return decode(text.replaceAll('+', '%20'));
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** A client that does not encode its id does not do so where it sends a browser either. */
function takePlainId(ctx: KoaContextWithOIDC, known: ReadonlyMap<string, Known>): void {
  const id = soleValue(pairsOf(ctx.querystring), 'client_id');
  if (id === undefined || known.has(decodeForm(id))) return;
  const client = findById(known, id);
  if (client !== undefined) ctx.query.client_id = client.id;
}

function secretOf({ client_secret: secret }: ClientMetadata): Known['secret'] {
  if (typeof secret !== 'string' || secret === '') return undefined;
  return { text: secret, digest: hash('sha256', secret, 'buffer') };
}

function pairsOf(text: string): Pair[] {
  if (text === '') return [];
  return text.split('&').map((raw) => ({ name: decodeForm(raw.split('=', 1)[0] ?? ''), raw }));
}

function textOf(pairs: readonly Pair[]): string {
  return pairs.map(({ raw }) => raw).join('&');
}

/** The one value of a name, as it came; undefined where there is none, or more than one. */
function soleValue(pairs: readonly Pair[], name: string): string | undefined {
  const found = pairs.filter((pair) => pair.name === name);
  const [pair] = found;
  return found.length === 1 && pair?.raw.includes('=')
    ? pair.raw.slice(pair.raw.indexOf('=') + 1)
    : undefined;
}

/** Lets the provider read a body that was read already, or meet what was met. */
function replaceBody(req: IncomingMessage, body: Buffer | Error): void {
  if (body instanceof Buffer && req.headers['content-length'] !== undefined)
    req.headers['content-length'] = String(body.length);
  Object.defineProperties(req, {
    readable: { value: true },
    iterator: {
      value: () => {
        if (body instanceof Error) throw body;
        return [body];
      },
    },
  });
}
