/** What the domain throws by intention: each edge maps its kinds once, and none of them is a fault of ours. */
export class DomainError extends Error {}

/** What a change names is not of this community, nor perhaps of any: the two answer the same. */
export class NotFoundError extends DomainError {
  readonly noun:
    | 'community'
    | 'member'
    | 'group'
    | 'service'
    | 'app password'
    | 'passkey'
    | 'operator'
    | 'recovery'
    | 'session'
    | 'host';
  constructor(noun: NotFoundError['noun'], name?: string) {
    super(`there is no ${noun}${name === undefined ? ' of that name' : ` "${name}"`} here`);
    this.name = 'NotFoundError';
    this.noun = noun;
  }
}

export const REFUSALS = [
  'slug-shape',
  'slug-taken',
  'value',
  'username-shape',
  'username-reserved',
  'username-taken',
  'email-shape',
  'email-taken',
  'name-shape',
  'zone-shape',
  'group-name',
  'group-taken',
  'primary-group',
  'last-operator',
  'ldap-base-shape',
  'ldap-base-taken',
  'host-taken',
  'host-issuer',
  'host-shape',
  'host-wildcard',
  'host-address',
  'host-port',
  'host-word',
  'host-reserved',
  'too-many-hosts',
  'client-contradiction',
  'client-id-taken',
  'state',
  'last-owner',
  'end-past',
  'not-yours',
  'group-full',
  'group-closed',
  'end-of-member',
  'operator',
  'self',
  'open',
  'same',
  'not-ready',
  'role',
  'owner',
  'short-password',
  'invitation-role',
  'invitation-mails',
  'group-cycle',
  'no-approval',
  'no-secret',
  'app-password-name',
  'too-many-app-passwords',
  'too-many-tokens',
  'posix-taken',
  'posix-given',
  'posix-exhausted',
  'picture-too-large',
  'picture-format',
  'picture-dimensions',
  'picture-broken',
  'picture-busy',
] as const;

export type Refusal = (typeof REFUSALS)[number];

/** What the change rests on was used, changed or over meanwhile: it has to begin again. */
export class ExpiredError extends DomainError {
  override readonly name = 'ExpiredError';
}

/** A change that the rules or the present state do not allow. `code` is for catalogues of messages. */
export class RefusedError extends DomainError {
  override readonly name: string = 'RefusedError';
  readonly code: Refusal;
  constructor(code: Refusal, message: string) {
    super(message);
    this.code = code;
  }
}
