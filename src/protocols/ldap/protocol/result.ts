/** Result codes that this server gives (RFC 4511 §4.1.9, appendix A). */
export const RESULT = {
  success: 0,
  operationsError: 1,
  protocolError: 2,
  timeLimitExceeded: 3,
  sizeLimitExceeded: 4,
  compareFalse: 5,
  compareTrue: 6,
  authMethodNotSupported: 7,
  adminLimitExceeded: 11,
  unavailableCriticalExtension: 12,
  confidentialityRequired: 13,
  noSuchAttribute: 16,
  undefinedAttributeType: 17,
  constraintViolation: 19,
  invalidAttributeSyntax: 21,
  noSuchObject: 32,
  invalidDnSyntax: 34,
  invalidCredentials: 49,
  insufficientAccessRights: 50,
  busy: 51,
  unavailable: 52,
  unwillingToPerform: 53,
  other: 80,
} as const;

export type ResultCode = (typeof RESULT)[keyof typeof RESULT];

/** Ends one operation with a result code; the connection goes on. `message` reaches the client. */
export class LdapError extends Error {
  override readonly name = 'LdapError';
  readonly code: ResultCode;
  readonly matchedDn: string;
  constructor(code: ResultCode, message: string, matchedDn = '') {
    super(message);
    this.code = code;
    this.matchedDn = matchedDn;
  }
}

/** Ends the connection: what came is not LDAP, or breaks its rules (RFC 4511 §4.1.1, §5.3). */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';
}
