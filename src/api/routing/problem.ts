import { NotFoundError, RefusedError } from '../../domain/errors.ts';
import { RefusedChangesError } from '../../domain/refused-changes.ts';
import { RequestError } from '../../platform/web/http-errors.ts';

/** One fault of what was sent: of its body by JSON pointer (RFC 6901), or of a parameter of its query. */
export type ProblemItem = { detail: string } & ({ pointer: string } | { parameter: string });

/** A problem as the API tells it (RFC 9457), with the faults of what was sent. */
export type Problem = {
  type: string;
  title: string;
  status: number;
  detail: string;
  instance: string;
  errors?: ProblemItem[];
};

/** Every type of problem that is no refusal of the domain's, with its title. */
export const PROBLEMS = {
  'bad-request': 'The request cannot be read',
  encoding: 'The request is not text in UTF-8',
  'media-type': 'The body is not JSON',
  'too-large': 'The body is too large',
  invalid: 'The request does not fit its schema',
  cursor: 'The cursor is not one of this list',
  unauthorized: 'A token is needed',
  'insufficient-scope': 'The token does not open this',
  'community-closed': 'The community is not active',
  forbidden: 'This is not allowed',
  'not-found': 'There is no such thing here',
  method: 'The address does not take this method',
  'precondition-required': 'The request has to say what it changes',
  'precondition-failed': 'It was changed meanwhile',
  'in-progress': 'The same request is under way',
  'key-reused': 'The idempotency key was used for another request',
  'too-many-keys': 'Too many idempotency keys are kept',
  conflict: 'It was changed at the same moment',
  expired: 'What this rests on is over',
  refused: 'The change is not allowed',
  'too-many': 'Too many requests',
  unavailable: 'The hub cannot answer at the moment',
  internal: 'The hub failed',
} as const;

export type ProblemType = keyof typeof PROBLEMS;

/** A problem that the API's own edge finds. */
export class ProblemError extends RequestError {
  readonly type: ProblemType;
  readonly errors: readonly ProblemItem[];

  constructor(
    status: number,
    type: ProblemType,
    detail: string,
    errors: readonly ProblemItem[] = [],
  ) {
    super(status, 'bad-request', detail);
    this.type = type;
    this.errors = errors;
  }
}

/** What the web's edge made of an error. */
type Meaning = { status: number; kind: string; reference: string };
/** The API's names of the domain's fields, such as `{ displayName: 'name', accent: 'branding.accent' }`. */
export type FieldNames = Readonly<Record<string, string>>;

/** More would be an echo that costs more than what was sent. */
const MAX_ERRORS = 100;

/**
 * An error as a problem: in words that say what to do, and that hold nothing which its sender may not know.
 * @param names how the route at hand calls what the domain's faults point at
 */
export function problemOf(error: unknown, meaning: Meaning, names: FieldNames = {}): Problem {
  const { type, detail, errors = [] } = told(error, meaning, names);
  const title = PROBLEMS[type as ProblemType] ?? PROBLEMS.refused;
  return {
    type: `urn:problem-type:trousseau:${type}`,
    title,
    status: meaning.status,
    detail,
    instance: `urn:reference:${meaning.reference}`,
    ...(errors.length > 0 && { errors: errors.slice(0, MAX_ERRORS) }),
  };
}

type Told = { type: string; detail: string; errors?: readonly ProblemItem[] };

function told(error: unknown, { status, kind, reference }: Meaning, names: FieldNames): Told {
  if (error instanceof ProblemError)
    return { type: error.type, detail: sentence(error.message), errors: error.errors };
  if (error instanceof RefusedChangesError)
    return {
      type: error.code,
      detail: sentence(error.message),
      errors: error.refusals.map(({ path, subject, fault }) => ({
        pointer: pointerTo(renamed(path, names)),
        detail: sentence(`${subject} ${fault}`),
      })),
    };
  if (error instanceof RefusedError) return { type: error.code, detail: sentence(error.message) };
  if (error instanceof NotFoundError)
    return { type: 'not-found', detail: `There is no such ${error.noun} here.` };
  if (status === 404) return { type: 'not-found', detail: 'There is nothing at this address.' };
  if (status === 405)
    return { type: 'method', detail: 'The header Allow says which methods there are.' };
  if (status === 413) return { type: 'too-large', detail: sentence((error as Error).message) };
  if (status === 415) return { type: 'media-type', detail: sentence((error as Error).message) };
  if (status === 429)
    return { type: 'too-many', detail: 'The header Retry-After says when to come again.' };
  if (status === 503)
    return { type: 'unavailable', detail: 'Try again: the header Retry-After says when.' };
  if (status >= 500)
    return { type: 'internal', detail: `Tell the operator the reference ${reference}.` };
  if (kind === 'expired') return { type: 'expired', detail: 'Begin again.' };
  // A library's own words may repeat what it could not read.
  const detail =
    error instanceof RequestError ? error.message : 'the request is not as HTTP has it';
  return { type: kind in PROBLEMS ? kind : 'bad-request', detail: sentence(detail) };
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? '' : '.'}`;
}

function renamed(path: readonly (string | number)[], names: FieldNames): (string | number)[] {
  const [first, ...rest] = path;
  if (first === undefined) return [];
  return [...(names[String(first)] ?? String(first)).split('.'), ...rest];
}

/** A JSON pointer (RFC 6901 §3). */
export function pointerTo(path: readonly PropertyKey[]): string {
  return path.map((key) => `/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}
