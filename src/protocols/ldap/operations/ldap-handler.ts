import { createSelections } from '../entries/selection.ts';
import type { Connection, Handler, Responses } from '../handler.ts';
import { PAGED_RESULTS } from '../protocol/controls.ts';
import { type ExtendedRequest, type Message, TAG } from '../protocol/message.ts';
import { encodeGeneratedPassword, PASSWORD_MODIFY } from '../protocol/password-modify-value.ts';
import { LdapError, RESULT } from '../protocol/result.ts';
import { bind } from './bind.ts';
import type { BindParts } from './check-bind.ts';
import { compare } from './compare.ts';
import { meaningOfDomain } from './domain-errors.ts';
import { modifyPassword } from './password-modify.ts';
import { search } from './search.ts';
import { openSession, type Session } from './session.ts';
import { WHO_AM_I } from './special-entries.ts';
import { whoAmI } from './who-am-i.ts';

/** The operations of the bridge: read-only, but for people's own password. */
export function createLdapHandler(parts: BindParts & { startTls: boolean }): Handler<Session> {
  const tree = { ...parts.tree, startTls: parts.startTls, selections: createSelections() };
  return {
    anonymous: () => openSession(),
    controls: new Map([['search', new Set([PAGED_RESULTS])]]),
    extensions: new Set([WHO_AM_I, PASSWORD_MODIFY]),
    handle(message, connection, responses) {
      const { id, request } = message;
      switch (request.kind) {
        case 'search':
          return search({ ...message, request }, connection, responses, tree);
        case 'compare':
          return compare(id, request, connection.state, responses, tree);
        case 'bind':
          return bind(id, request, connection, responses, parts);
        case 'extended':
          return extended(message, request, connection, responses, parts).catch((error) => {
            throw meaningOfDomain(error);
          });
        default:
          throw new LdapError(
            RESULT.unwillingToPerform,
            'the directory is read-only: members and groups are managed in Trousseau',
          );
      }
    },
  };
}

async function extended(
  { id }: Message,
  { oid, value }: ExtendedRequest,
  connection: Connection<Session>,
  { writer }: Responses,
  parts: BindParts,
): Promise<void> {
  let answer: Buffer | undefined;
  if (oid === WHO_AM_I) {
    if (value !== undefined) throw new LdapError(RESULT.protocolError, 'whoami takes no value');
    answer = Buffer.from(await whoAmI(connection.state, parts.tree));
  } else {
    const generated = await modifyPassword(value, connection, parts);
    if (generated !== undefined) answer = encodeGeneratedPassword(generated);
  }
  writer.result(id, TAG.extendedResponse, {
    code: RESULT.success,
    ...(answer === undefined ? {} : { responseValue: answer }),
  });
}
