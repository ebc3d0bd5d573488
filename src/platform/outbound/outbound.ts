import type ipaddr from 'ipaddr.js';
import { Agent, fetch as undiciFetch } from 'undici';
import { isAllowedAddress } from './address-policy.ts';
import { AddressRefusedError, guardedConnector } from './guarded-connector.ts';

/** Requests to addresses that others chose (docs/decisions/0004-outbound-requests.md). */
export type Outbound = {
  /**
   * Posts a form. Any answer is an answer, a redirection included; of its body, the first 64 KB.
   * @throws AddressRefusedError, OutboundError
   */
  post(
    url: string,
    form: Record<string, string>,
    options?: { timeoutMs?: number },
  ): Promise<OutboundResponse>;
  /**
   * For libraries that take a `fetch`. Redirections are not followed; an answer of more than 64 KB,
   * or not there whole within 10 s, is an error.
   * @throws AddressRefusedError, OutboundError
   */
  fetch(url: string | URL, init?: RequestInit): Promise<Response>;
  close(): Promise<void>;
};

export type OutboundResponse = { status: number; headers: Headers; body: string };

/** No answer: the server was not reached, or did not answer properly or in time. */
export class OutboundError extends Error {
  override readonly name = 'OutboundError';
}

const TIMEOUT_MS = 10_000;
const MAX_BODY_BYTES = 64 * 1024;
const CONNECTIONS_PER_SERVER = 8;
const NO_BODY = [204, 205, 304];

/** @param privateNetworks private or loopback networks that may be reached all the same */
export function createOutbound({
  privateNetworks,
}: {
  privateNetworks: readonly [ipaddr.IPv4 | ipaddr.IPv6, number][];
}): Outbound {
  const agent = new Agent({
    connect: guardedConnector((address) => isAllowedAddress(address, privateNetworks)),
    connections: CONNECTIONS_PER_SERVER,
  });

  async function request(address: string | URL, init: RequestInit, timeoutMs: number) {
    const url = URL.parse(String(address));
    if (url === null || !/^https?:$/.test(url.protocol)) {
      throw new OutboundError('not a web address');
    }
    // The caller's own wish is heard; neither outlasts ours.
    const timeout = AbortSignal.timeout(timeoutMs);
    const signal = init.signal ? AbortSignal.any([init.signal, timeout]) : timeout;
    try {
      const response = (await undiciFetch(url, {
        ...(init as object),
        dispatcher: agent,
        redirect: 'manual',
        signal,
      })) as unknown as Response;
      return { response, host: url.host, ...(await readBody(response)) };
    } catch (error) {
      throw meaningOf(error, url.host, signal.aborted);
    }
  }

  return {
    async post(url, form, { timeoutMs = TIMEOUT_MS } = {}) {
      const headers = { 'user-agent': 'Trousseau' };
      const init = { method: 'POST', body: new URLSearchParams(form), headers };
      const { response, bytes } = await request(url, init, timeoutMs);
      return { status: response.status, headers: response.headers, body: bytes.toString() };
    },
    async fetch(url, init = {}) {
      const { response, host, bytes, isWhole } = await request(url, init, TIMEOUT_MS);
      if (!isWhole) throw new OutboundError(`${host} sent more than 64 KB`);
      const { status, statusText } = response;
      const headers = new Headers([...response.headers]);
      // The bytes are no longer encoded.
      headers.delete('content-encoding');
      headers.delete('content-length');
      return new Response(NO_BODY.includes(status) ? null : new Uint8Array(bytes), {
        status,
        statusText,
        headers,
      });
    },
    close: () => agent.destroy(),
  };
}

/** Reads up to the limit, counted after decompression, and hangs up on the rest. */
async function readBody(response: Response): Promise<{ bytes: Buffer; isWhole: boolean }> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    const room = MAX_BODY_BYTES - length;
    chunks.push(chunk.subarray(0, room));
    length += chunk.length;
    if (chunk.length > room) return { bytes: Buffer.concat(chunks), isWhole: false };
  }
  return { bytes: Buffer.concat(chunks), isWhole: true };
}

/** `fetch` hides what happened in causes, and never names the server. */
function meaningOf(error: unknown, host: string, isGivenUp: boolean): Error {
  if (isGivenUp) return new OutboundError(`${host} did not answer in time`, { cause: error });
  let cause = error as Error;
  while (cause.cause instanceof Error && !(cause instanceof AddressRefusedError)) {
    cause = cause.cause;
  }
  if (cause instanceof AddressRefusedError) return cause;
  const { code } = cause as NodeJS.ErrnoException;
  const detail = typeof code === 'string' ? code : cause.message;
  return new OutboundError(`${host} could not be reached: ${detail}`, { cause: error });
}
