import { hash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

export type StaticFile = {
  body: Buffer;
  /** The same for who takes gzip; undefined for what is dense already. */
  gzipped: Buffer | undefined;
  type: string;
  etag: string;
  immutable: boolean;
};

const FOLDER = new URL('./static/', import.meta.url);
/** The parts of the one stylesheet, in the order in which a later one has the last word. */
const STYLES = [
  'tokens',
  'base',
  'buttons',
  'fields',
  'messages',
  'panels',
  'lists',
  'launcher',
  'navigation',
  'layout',
  'print',
].map((part) => new URL(`./styles/${part}.css`, import.meta.url));
const TYPES: Record<string, string> = {
  css: 'text/css',
  js: 'text/javascript',
  svg: 'image/svg+xml',
  png: 'image/png',
  woff2: 'font/woff2',
};
const DENSE = /\.(png|woff2)$/;

/** Our own styles and pictures, read once; their addresses carry a hash of what they hold. */
export type StaticFiles = {
  /** A file by its name with or without the hash, such as `app.1a2b3c4d.css`. */
  find(name: string): StaticFile | undefined;
  /** The name with its hash. */
  address(name: string): string;
};

export function loadStaticFiles(): StaticFiles {
  const files = new Map<string, StaticFile>();
  const addresses = new Map<string, string>();
  const address = (name: string) => {
    const found = addresses.get(name);
    if (found === undefined) throw new Error(`no static file ${name}`);
    return found;
  };
  const keep = (name: string, body: Buffer) => {
    const digest = hash('sha256', body, 'hex').slice(0, 12);
    const [stem, extension = ''] = name.split('.');
    const type = TYPES[extension] ?? 'application/octet-stream';
    const gzipped = DENSE.test(name) ? undefined : gzipSync(body, { level: 9 });
    const file = { body, gzipped, type, etag: digest };
    addresses.set(name, `${stem}.${digest}.${extension}`);
    files.set(address(name), { ...file, immutable: true });
    files.set(name, { ...file, immutable: false });
  };
  for (const name of readdirSync(FOLDER)) keep(name, readFileSync(new URL(name, FOLDER)));
  keep('app.css', Buffer.from(stylesheet(address)));
  return { find: (name) => files.get(name), address };
}

/** All styles as one sheet; what they name by `url("…")` gets the address with its hash. */
function stylesheet(address: (name: string) => string): string {
  return STYLES.map((part) => readFileSync(part, 'utf8'))
    .join('')
    .replace(/url\("([\w.-]+)"\)/g, (_, name: string) => `url("${address(name)}")`);
}
