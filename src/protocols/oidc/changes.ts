import type { DoneStep } from '../../domain/done-steps/done-step-store.ts';
import type { Credential } from '../../domain/sessions/authentication.ts';
import type { AuditEvent } from '../../platform/events/record-event.ts';
import type { OutboxMessage } from '../../platform/outbox/outbox.ts';
import type { Disclosure } from './disclosure-notes.ts';

export type Payload = Record<string, unknown>;

/** Where the request came from, kept with the sessions it opens. */
export type RequestOrigin = { ip: string | undefined; userAgent: string | undefined };

export type ArtifactWrite = {
  kind: string;
  id: string;
  json: string;
  payload: Payload;
  expiresIn: number | undefined;
  /** It was read by this request: if it is gone by now, it must not come back. */
  replaces: boolean;
};
export type SessionUpdate = {
  id: string;
  before: { id: string; payload: Payload };
  payload: Payload;
};

/** What one request changes of sign-in state. Maps are keyed by `kind:id`, those of sessions by uid. */
export type Changes = {
  communityId: string;
  issuer: string;
  origin: RequestOrigin;
  artifacts: Map<string, ArtifactWrite>;
  consumed: Map<string, { kind: string; id: string }>;
  /** Used up, and not needed to tell that they were. */
  spent: Map<string, { kind: string; id: string }>;
  destroyed: Map<string, { kind: string; id: string }>;
  revokedGrants: Set<string>;
  openedSessions: Map<string, { id: string; payload: Payload }>;
  updatedSessions: Map<string, SessionUpdate>;
  closedSessions: Set<string>;
  /** Apps' requests whose visitor is still there: they wait as long as any may. */
  waiting: Set<string>;
  consents: Map<string, ConsentWrite>;
  disclosures: Map<string, Disclosure>;
  events: AuditEvent[];
  messages: OutboxMessage[];
  /** The credential that a sign-in rests on: the sign-in counts only if it still stands when stored. */
  credential: Credential | undefined;
  /** Hash of the token of a sign-in that was on its way and ends with this. */
  pendingSignIn: Buffer | undefined;
  /** What this browser does with it: the changes are refused if another request has done the same meanwhile. */
  doneStep: (DoneStep & { subject: string | undefined; replaced: string | undefined }) | undefined;
};

/** What a member was shown or agreed to give to a service. */
export type ConsentWrite = {
  /** Whether the member was told (first party) or asked (third party). */
  kind: 'notice' | 'consent';
  serviceId: string;
  subject: string;
  scopes: string[];
  claims: string[];
};

/** Something that a request used up (a code, an interaction, its session) was no longer there. */
export class UsedUpError extends Error {
  override readonly name = 'UsedUpError';
}
