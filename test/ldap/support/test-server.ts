import { pino } from 'pino';
import type { CertificateFiles } from '../../../src/platform/tls/certificate-files.ts';
import {
  type LdapServer,
  type LdapServerOptions,
  startLdapServer,
} from '../../../src/protocols/ldap/connection/ldap-server.ts';
import type { Connection, Handler, Responses } from '../../../src/protocols/ldap/handler.ts';
import { type Message, TAG } from '../../../src/protocols/ldap/protocol/message.ts';
import { encodeAttribute } from '../../../src/protocols/ldap/protocol/response-writer.ts';
import { LdapError, RESULT } from '../../../src/protocols/ldap/protocol/result.ts';
import { connectLdap, type LdapClient } from './ldap-client.ts';

/** An extended operation that tells what the handler sees of the connection. */
export const ABOUT_ME = '1.1.1';
export const START_TLS = '1.3.6.1.4.1.1466.20037';
/** A control that searches understand. */
export const KNOWN_CONTROL = '1.1.2';

type State = { name: string };

export type TestServer = LdapServer & {
  /** Requests that the handler was asked, in order: `search now`, `bind cn=a`. */
  asked: string[];
  /** Lets an operation that waits go on: `search wait`, `bind wait`. */
  release(what: string): void;
  /** Resolves when the handler has been asked so. */
  untilAsked(what: string): Promise<void>;
  /** Entries that endless searches wrote, and how many such searches run. */
  endless: { written: number; running: number };
  log: string[];
  connect(): Promise<LdapClient>;
  connectSecurely(ca: string): Promise<LdapClient>;
};

/**
 * The connection layer over operations made for tests. The base of a search says what it does: `now`,
 * `split`, `busy`, `wait…` (`wait and look`: whether it was abandoned), `throw`, `reject`, `endless`; so does the name of a bind: `wait…`, `bad`.
 */
export async function startTestServer(
  options: Partial<LdapServerOptions<State>> & { tls?: CertificateFiles | undefined } = {},
): Promise<TestServer> {
  const asked: string[] = [];
  const log: string[] = [];
  const endless = { written: 0, running: 0 };
  const gates = new Map<string, PromiseWithResolvers<void>>();
  const heard = new Map<string, PromiseWithResolvers<void>>();
  const server = await startLdapServer<State>({
    listen: { host: '127.0.0.1', port: 0 },
    ldapsListen: undefined,
    tls: undefined,
    tlsFolder: undefined,
    proxyProtocolFrom: [],
    log: pino({ level: 'debug' }, { write: (line: string) => void log.push(line) }),
    handler: testHandler({ hear, wait: (what) => of(gates, what).promise, endless }),
    ...options,
  });

  function hear(what: string): void {
    asked.push(what);
    of(heard, what).resolve();
  }

  return {
    ...server,
    asked,
    endless,
    log,
    release: (what) => of(gates, what).resolve(),
    untilAsked: (what) => of(heard, what).promise,
    connect: () => connectLdap(server.address as { host: string; port: number }),
    connectSecurely: (ca) =>
      connectLdap(server.ldapsAddress as { host: string; port: number }, {
        ca,
        servername: 'localhost',
      }),
  };
}

function of(map: Map<string, PromiseWithResolvers<void>>, what: string) {
  const found = map.get(what) ?? Promise.withResolvers<void>();
  map.set(what, found);
  return found;
}

type Parts = {
  hear(what: string): void;
  wait(what: string): Promise<void>;
  endless: TestServer['endless'];
};

const LONG_ATTRIBUTE = encodeAttribute('description', ['x'.repeat(1_000)]);

function testHandler({ hear, wait, endless }: Parts): Handler<State> {
  async function bind(id: number, name: string, on: Connection<State>, to: Responses) {
    if (name.startsWith('wait')) await wait(`bind ${name}`);
    if (name.includes('bad')) throw new LdapError(RESULT.invalidCredentials, 'no');
    on.state = { name };
    to.writer.result(id, TAG.bindResponse, { code: RESULT.success });
  }

  function search(id: number, base: string, to: Responses): void | Promise<void> {
    if (base === 'throw') throw new TypeError('a fault of the handler');
    if (base === 'reject') return Promise.reject(new TypeError('a fault of the handler'));
    if (base === 'endless') return writeEndlessly(id, to);
    if (base === 'busy') spin(1);
    const done = () => {
      if (base.endsWith('and look') && to.isAbandoned()) return hear('abandoned');
      writeEntry(id, base, to);
      // Asking sends what there is: the entry and the result travel apart.
      if (base === 'split') to.drained();
      to.writer.result(id, TAG.searchResultDone, { code: RESULT.success });
    };
    return base.startsWith('wait') ? wait(`search ${base}`).then(done) : done();
  }

  async function writeEndlessly(id: number, to: Responses): Promise<void> {
    endless.running += 1;
    try {
      while (!to.isAbandoned()) {
        writeEntry(id, 'endless', to);
        endless.written += 1;
        // Like the real search: asks first, and waits for another promise than the one that it saw.
        if (to.writer.length > 32_768 && to.drained() !== undefined) await to.drained();
        else if (endless.written % 50 === 0) await new Promise(setImmediate);
      }
    } finally {
      endless.running -= 1;
    }
  }

  return {
    anonymous: () => ({ name: '' }),
    controls: new Map([['search', new Set([KNOWN_CONTROL])]]),
    extensions: new Set([ABOUT_ME]),
    handle({ id, request }: Message, on, to) {
      switch (request.kind) {
        case 'bind':
          hear(`bind ${request.name}`);
          return bind(id, request.name, on, to);
        case 'search':
          hear(`search ${request.base}`);
          return search(id, request.base, to);
        case 'compare':
          hear('compare');
          return to.writer.result(id, TAG.compareResponse, { code: RESULT.compareTrue });
        case 'extended': {
          hear('extended');
          const about = { name: on.state.name, ip: on.ip, confidential: on.isConfidential() };
          const responseValue = Buffer.from(JSON.stringify(about));
          return to.writer.result(id, TAG.extendedResponse, { code: 0, responseValue });
        }
        default:
          hear(request.kind);
          throw new LdapError(RESULT.unwillingToPerform, 'read-only');
      }
    },
  };
}

/** Keeps the process busy. */
function spin(milliseconds: number): void {
  const until = performance.now() + milliseconds;
  while (performance.now() < until);
}

function writeEntry(id: number, dn: string, { writer }: Responses): void {
  writer.beginEntry(id, dn);
  writer.encodedAttribute(LONG_ATTRIBUTE);
  writer.endEntry();
}

/** What the handler sees of a connection: who is bound, from where, and whether a password may travel. */
export async function aboutMe(
  client: LdapClient,
): Promise<{ name: string; ip: string; confidential: boolean }> {
  const { responseValue } = await client.extended(ABOUT_ME);
  return JSON.parse((responseValue as Buffer).toString());
}

/** Looks again and again, until `test` gives true; fails when that takes too long. */
export async function until(test: () => boolean, milliseconds = 25_000): Promise<void> {
  const deadline = performance.now() + milliseconds;
  while (!test()) {
    if (performance.now() > deadline) throw new Error(`waited in vain for ${test}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
