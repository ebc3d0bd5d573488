import type { Connection, Responses } from '../handler.ts';
import { type BindRequest, TAG } from '../protocol/message.ts';
import { LdapError, RESULT } from '../protocol/result.ts';
import { type BindParts, checkBind } from './check-bind.ts';
import { openSession, type Session } from './session.ts';

/**
 * Bind (RFC 4511 §4.2, RFC 4513 §5). The connection is anonymous from the moment the request came (row
 * 22: the connection layer sees to it), and stays so unless this succeeds.
 * @throws LdapError with the result code; `invalidCredentials` tells nothing of why (row 23)
 */
export async function bind(
  id: number,
  request: BindRequest,
  connection: Connection<Session>,
  responses: Responses,
  parts: BindParts,
): Promise<void> {
  const password = readBind(request, connection);
  if (password !== undefined) {
    const identity = await checkBind(request.name, password, connection, parts);
    if (responses.isAbandoned()) return;
    connection.state = openSession(identity);
  }
  responses.writer.result(id, TAG.bindResponse, { code: RESULT.success });
}

/** @returns undefined for an anonymous bind */
function readBind(
  { version, name, auth }: BindRequest,
  connection: Connection<Session>,
): Buffer | undefined {
  if (version !== 3) throw new LdapError(RESULT.protocolError, 'this server speaks LDAP version 3');
  if ('sasl' in auth) {
    throw new LdapError(RESULT.authMethodNotSupported, 'bind with a name and a password');
  }
  if (auth.simple.length === 0) {
    if (name === '') return undefined;
    // RFC 4513 §5.1.2: a careless app would take this for a sign-in (row 21).
    throw new LdapError(RESULT.unwillingToPerform, 'a bind with a name needs a password');
  }
  if (!connection.isConfidential()) {
    throw new LdapError(
      RESULT.confidentialityRequired,
      'a password may not travel in clear: use StartTLS or LDAPS',
    );
  }
  return auth.simple;
}
