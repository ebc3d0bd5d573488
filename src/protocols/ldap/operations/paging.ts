import { hash, randomBytes } from 'node:crypto';
import { decodePagedResults, encodePagedResults, PAGED_RESULTS } from '../protocol/controls.ts';
import type { Control, SearchRequest } from '../protocol/message.ts';
import { LdapError, ProtocolError, RESULT } from '../protocol/result.ts';

/** Where a search goes on: the list, and the key of the first entry that was not given yet. */
export type Position = { list: number; key: string };
/** A paged search between two pages. */
export type OpenSearch = { fingerprint: string; position: Position; sent: number };

/** The paged-results control of a request, read (RFC 2696 §3). */
export type Page = { size: number; cookie: Buffer };

/** Open at once on one connection; the oldest is forgotten beyond that. */
const MAX_OPEN = 16;

/**
 * The paged searches of one connection. A cookie is good once, on this connection, for the search that
 * it came from (row 17): it holds a place to go on from, and nothing of the entries.
 */
export class PagedSearches {
  #open: Map<string, OpenSearch> | undefined;

  /** @returns the cookie */
  keep(search: OpenSearch): Buffer {
    this.#open ??= new Map();
    if (this.#open.size >= MAX_OPEN) this.#open.delete(this.#open.keys().next().value as string);
    const cookie = randomBytes(12);
    this.#open.set(cookie.toString('base64'), search);
    return cookie;
  }

  /**
   * Uses up a cookie.
   * @throws LdapError `unwillingToPerform` when it was not given here, was used, or is another search's
   */
  take(cookie: Buffer, fingerprint: string): OpenSearch {
    const key = cookie.toString('base64');
    const found = this.#open?.get(key);
    this.#open?.delete(key);
    if (found === undefined || found.fingerprint !== fingerprint) {
      throw new LdapError(
        RESULT.unwillingToPerform,
        'this paged results cookie is not of this search, or was used: start the search again',
      );
    }
    return found;
  }

  drop(cookie: Buffer): void {
    this.#open?.delete(cookie.toString('base64'));
  }
}

/** What must be the same from page to page (RFC 2696 §3), as a digest: it is kept, and a request may be long. */
export function fingerprintOf({
  base,
  scope,
  filter,
  attributes,
  typesOnly,
}: SearchRequest): string {
  return hash('sha256', JSON.stringify([base, scope, filter, attributes, typesOnly]), 'base64');
}

/** @throws LdapError `protocolError` when the control's value is not one */
export function readPage(controls: readonly Control[]): Page | undefined {
  const control = controls.find(({ oid }) => oid === PAGED_RESULTS);
  if (control === undefined) return undefined;
  try {
    return decodePagedResults(control.value ?? Buffer.alloc(0));
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    throw new LdapError(RESULT.protocolError, `paged results control: ${error.message}`);
  }
}

/** Tells the client how to go on; an empty cookie: that was all. */
export function pageControl(cookie: Buffer | undefined): Control[] {
  const value = encodePagedResults({ size: 0, cookie: cookie ?? Buffer.alloc(0) });
  return [{ oid: PAGED_RESULTS, critical: false, value }];
}
