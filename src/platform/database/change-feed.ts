import { randomBytes } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import { createSignal } from '../timing/signal.ts';
import { type FeedLink, openFeedLink } from './feed-link.ts';

/**
 * What the database announces (`NOTIFY`). `isLive()` is true only while an announcement of our own, made
 * as others make theirs, was heard within the last second: a cache that trusts the feed must not be used
 * otherwise.
 */
export type ChangeFeed = {
  /** The payload, or undefined when announcements may have been missed (after a reconnection). */
  on(channel: string, listener: (payload: string | undefined) => void): void;
  isLive(): boolean;
  /**
   * Resolves when every announcement of what was committed before has been heard, or when the feed is not
   * live any more, and nobody goes by what it has heard.
   */
  settle(): Promise<void>;
  close(): Promise<void>;
};

const BEAT_MS = 400;
const LIVE_MS = 950;
const RECONNECT_MS = 250;
/** An announcement that takes longer than this never comes. */
const LATEST_MS = 5_000;
/** Nobody asked for so long: the beat, which the database writes down each time, slows. */
const IDLE_AFTER_MS = 60_000;
const IDLE_BEAT_MS = 15_000;

export type FeedOptions = {
  /** How changes reach the database: what is announced over such a connection must be heard. */
  connection: pg.ClientConfig;
  /** How announcements are heard; over a connection that keeps its session. */
  listenConnection?: pg.ClientConfig;
  channels: string[];
  onError?: (error: Error) => void;
  latestMs?: number;
};

/**
 * Opens the feed once an announcement of its own has been heard.
 * @throws AnnouncementsUnheardError when the database takes announcements and they do not arrive
 */
export async function openChangeFeed(options: FeedOptions): Promise<ChangeFeed> {
  const { channels, latestMs = LATEST_MS } = options;
  const emitter = new EventEmitter();
  // Of this feed alone: the others need not wake for it.
  const beatChannel = `trousseau_beat_${randomBytes(8).toString('hex')}`;
  const pause = createSignal();
  let link: FeedLink | undefined;
  let lastHeard = Number.NEGATIVE_INFINITY;
  let lastAsked = performance.now();
  let closed = false;

  async function connect(): Promise<void> {
    const fresh = await openFeedLink({
      ...options,
      beatChannel,
      onAnnouncement: (channel, payload) => emitter.emit(channel, payload),
      onLost: lose,
    });
    try {
      const asked = performance.now();
      await fresh.beat(latestMs);
      // Whatever was announced while nobody listened is unknown.
      for (const channel of channels) emitter.emit(channel, undefined);
      lastHeard = asked;
      link = fresh;
    } catch (error) {
      fresh.close();
      throw error;
    }
    if (closed) lose(fresh);
  }

  function lose(lost: FeedLink, reason?: Error): void {
    lost.close(reason);
    if (link !== lost) return;
    link = undefined;
    lastHeard = Number.NEGATIVE_INFINITY;
    pause.raise();
  }

  /** Counted from the question: hearing it vouches for that instant, not for its own arrival. */
  async function beat(current: FeedLink): Promise<void> {
    const asked = performance.now();
    try {
      await current.beat(latestMs);
    } catch (error) {
      lose(current, error as Error);
      throw error;
    }
    if (link === current) lastHeard = Math.max(lastHeard, asked);
  }

  async function keepBeating(): Promise<void> {
    while (!closed) {
      const isIdle = performance.now() - lastAsked > IDLE_AFTER_MS;
      await pause.wait(link === undefined ? RECONNECT_MS : isIdle ? IDLE_BEAT_MS : BEAT_MS);
      if (closed) return;
      try {
        if (link === undefined) await connect();
        else await beat(link);
      } catch (error) {
        if (!closed) options.onError?.(error as Error);
      }
    }
  }

  await connect();
  const beating = keepBeating();
  return {
    on: (channel, listener) => {
      emitter.on(channel, listener);
    },
    async settle() {
      if (link === undefined) return;
      // What is not heard in this time is not vouched for either.
      const heard = new AbortController();
      const tooLate = delay(LIVE_MS, undefined, { signal: heard.signal }).catch(() => {});
      await Promise.race([beat(link).catch(() => {}), tooLate]);
      heard.abort();
    },
    isLive() {
      const now = performance.now();
      const isLive = now - lastHeard < LIVE_MS;
      if (!isLive && now - lastAsked > BEAT_MS) pause.raise();
      lastAsked = now;
      return isLive;
    },
    async close() {
      closed = true;
      pause.raise();
      const last = link;
      link = undefined;
      lastHeard = Number.NEGATIVE_INFINITY;
      await Promise.all([beating, last?.close()]);
    },
  };
}
