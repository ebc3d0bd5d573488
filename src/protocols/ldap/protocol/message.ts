import type { Filter } from './filter.ts';

/** A control of a request or response (RFC 4511 §4.1.11). */
export type Control = { oid: string; critical: boolean; value: Buffer | undefined };

/** Tags of protocol operations: application class, constructed where they hold more than one field. */
export const TAG = {
  bindRequest: 0x60,
  bindResponse: 0x61,
  unbindRequest: 0x42,
  searchRequest: 0x63,
  searchResultEntry: 0x64,
  searchResultDone: 0x65,
  searchResultReference: 0x73,
  modifyRequest: 0x66,
  modifyResponse: 0x67,
  addRequest: 0x68,
  addResponse: 0x69,
  delRequest: 0x4a,
  delResponse: 0x6b,
  modifyDnRequest: 0x6c,
  modifyDnResponse: 0x6d,
  compareRequest: 0x6e,
  compareResponse: 0x6f,
  abandonRequest: 0x50,
  extendedRequest: 0x77,
  extendedResponse: 0x78,
  intermediateResponse: 0x79,
} as const;

export type Scope = 'base' | 'one' | 'sub' | 'children';

export type BindRequest = {
  kind: 'bind';
  version: number;
  name: string;
  /** The password's bytes as they came (RFC 4513 §5.1.3: not always text), or a SASL mechanism's name. */
  auth: { simple: Buffer } | { sasl: string };
};
export type SearchRequest = {
  kind: 'search';
  base: string;
  scope: Scope;
  /** Entries wanted at most; 0: as many as there are. */
  sizeLimit: number;
  /** Seconds; 0: no limit. */
  timeLimit: number;
  typesOnly: boolean;
  filter: Filter;
  /** As the client wrote them, `*`, `+`, `1.1` and empty names included. */
  attributes: string[];
};
export type CompareRequest = {
  kind: 'compare';
  entry: string;
  attribute: string;
  /** Undefined: the bytes are not UTF-8, or too many, so that no value of ours can equal them. */
  value: string | undefined;
};
export type ExtendedRequest = { kind: 'extended'; oid: string; value: Buffer | undefined };

export type Request =
  | BindRequest
  | SearchRequest
  | CompareRequest
  | ExtendedRequest
  | { kind: 'unbind' }
  | { kind: 'abandon'; target: number }
  /** The four writes; what they would write is not read: they are all refused (`LDAP.md` row 30). */
  | { kind: 'modify' | 'add' | 'del' | 'modifyDn' };

export type Message = { id: number; request: Request; controls: readonly Control[] };
