import { hash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';

export type StaticFile = { body: Buffer; type: string; etag: string; immutable: boolean };

const FOLDER = new URL('./static/', import.meta.url);
const TYPES: Record<string, string> = {
  css: 'text/css',
  js: 'text/javascript',
  svg: 'image/svg+xml',
  png: 'image/png',
};

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
  for (const name of readdirSync(FOLDER)) {
    const body = readFileSync(new URL(name, FOLDER));
    const digest = hash('sha256', body, 'hex').slice(0, 12);
    const [stem, extension = ''] = name.split('.');
    const type = TYPES[extension] ?? 'application/octet-stream';
    const address = `${stem}.${digest}.${extension}`;
    files.set(address, { body, type, etag: digest, immutable: true });
    files.set(name, { body, type, etag: digest, immutable: false });
    addresses.set(name, address);
  }
  return {
    find: (name) => files.get(name),
    address(name) {
      const address = addresses.get(name);
      if (address === undefined) throw new Error(`no static file ${name}`);
      return address;
    },
  };
}
