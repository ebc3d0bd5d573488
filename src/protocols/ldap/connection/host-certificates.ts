import { stat } from 'node:fs/promises';
import type { SecureContext } from 'node:tls';
import { LRUCache } from 'lru-cache';
import type { Logger } from 'pino';
import {
  type CertificateFiles,
  listCertificates,
  loadContext,
  stampOf,
} from '../../../platform/tls/certificate-files.ts';

/** Certificates of a folder, by the name that a client asks for (RFC 6066 §3). */
export type HostCertificates = {
  /** Undefined where the folder has none of this name that can be used. */
  contextOf(name: string): Promise<SecureContext | undefined>;
  stop(): void;
};

type Held = {
  stamp: string | undefined;
  /** The last one that was good. */
  context: SecureContext | undefined;
  lookedAt: number;
  looking: Promise<void> | undefined;
};

const LOOK_EVERY_MS = 2_000;
/** About 100 KB each. */
const MOST_HELD = 500;

/**
 * Looks which names the folder has, every two seconds. A certificate is loaded when it is first asked for, and anew
 * when its files have changed; one that is broken is reported, once, and the last good one stays in use. What a client
 * asks for is looked up among those names, and is never part of a path.
 * @throws when the folder cannot be read
 */
export async function openHostCertificates(folder: string, log: Logger): Promise<HostCertificates> {
  const held = new LRUCache<string, Held>({ max: MOST_HELD });
  let seen = await changedAt(folder);
  let names = await listCertificates(folder);
  const timer = setInterval(list, LOOK_EVERY_MS);
  timer.unref();

  async function list(): Promise<void> {
    try {
      const now = await changedAt(folder);
      if (now === seen) return;
      names = await listCertificates(folder);
      seen = now;
      for (const name of [...held.keys()]) if (!names.has(name)) held.delete(name);
    } catch (error) {
      const { message } = error as Error;
      if (seen !== message) log.error({ err: error }, 'the folder of certificates cannot be read');
      seen = message;
    }
  }

  async function look(host: string, files: CertificateFiles, entry: Held): Promise<void> {
    const stamp = await stampOf(files).catch((error: Error) => error.message);
    entry.lookedAt = performance.now();
    if (stamp === entry.stamp) return;
    entry.stamp = stamp;
    try {
      entry.context = await loadContext(files);
      log.info({ host }, 'the TLS certificate of a host was taken');
    } catch (error) {
      const stays = entry.context === undefined ? 'the usual one is used' : 'the one before stays';
      log.error({ err: error, host }, `the TLS certificate of a host cannot be used; ${stays}`);
    }
  }

  return {
    async contextOf(name) {
      const host = name.toLowerCase().replace(/\.$/, '');
      const files = names.get(host);
      if (files === undefined) return undefined;
      const entry = held.get(host) ?? {
        stamp: undefined,
        context: undefined,
        lookedAt: Number.NEGATIVE_INFINITY,
        looking: undefined,
      };
      held.set(host, entry);
      if (performance.now() - entry.lookedAt >= LOOK_EVERY_MS) {
        entry.looking ??= look(host, files, entry).finally(() => {
          entry.looking = undefined;
        });
        await entry.looking;
      }
      return entry.context;
    },
    stop: () => clearInterval(timer),
  };
}

async function changedAt(folder: string): Promise<string> {
  const { mtimeMs, ino } = await stat(folder);
  return `${mtimeMs} ${ino}`;
}
