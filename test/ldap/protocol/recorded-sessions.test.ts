import { describe, expect, it } from 'vitest';
import {
  decodePagedResults,
  PAGED_RESULTS,
} from '../../../src/protocols/ldap/protocol/controls.ts';
import { decodeMessage } from '../../../src/protocols/ldap/protocol/decode-message.ts';
import type { Message } from '../../../src/protocols/ldap/protocol/message.ts';
import {
  decodePasswordModify,
  PASSWORD_MODIFY,
} from '../../../src/protocols/ldap/protocol/password-modify-value.ts';
import { encodeRequest } from '../support/encode-request.ts';
import { parseFilter } from '../support/parse-filter.ts';
import { RECORDED_SESSIONS } from '../support/recorded-sessions.ts';

function session(name: string): Message[] {
  return (RECORDED_SESSIONS[name] ?? []).map((hex) => decodeMessage(Buffer.from(hex, 'hex')));
}

function only(name: string): Message['request'] {
  const [message, ...more] = session(name);
  if (!message || more.length > 0) throw new Error(`${name} is not one message`);
  return message.request;
}

const PEOPLE = 'ou=people,o=lamyne';
const ALICE = `uid=alice,${PEOPLE}`;

describe('what real clients send', () => {
  it.each(Object.keys(RECORDED_SESSIONS))('is read as what it says: %s', (name) => {
    for (const [index, message] of session(name).entries()) {
      expect(decodeMessage(encodeRequest(message))).toEqual(message);
      expect(message.id, `message ${index}`).toBeGreaterThan(0);
    }
  });

  it('reads a session from bind to unbind', () => {
    expect(session('ldapsearch, a search by uid')).toEqual([
      {
        id: 1,
        request: {
          kind: 'bind',
          version: 3,
          name: ALICE,
          auth: { simple: Buffer.from('secret') },
        },
        controls: [],
      },
      {
        id: 2,
        request: {
          kind: 'search',
          base: 'o=lamyne',
          scope: 'sub',
          sizeLimit: 0,
          timeLimit: 0,
          typesOnly: false,
          filter: parseFilter('(uid=bob)'),
          attributes: ['cn', 'mail'],
        },
        controls: [],
      },
      { id: 3, request: { kind: 'unbind' }, controls: [] },
    ]);
  });

  it('reads filters as their string form says', () => {
    const filters = {
      'ldapsearch, in pages':
        '(&(objectClass=person)(|(cn=*él*o*ise*)(mail=a*)(sn=*z))(!(uid=root)))',
      'ldapsearch, groups in groups, types only, sorted':
        '(memberOf:1.2.840.113556.1.4.1941:=cn=bureau,ou=groups,o=lamyne)',
      'ldapsearch, password policy, extensible filters, every comparison':
        '(&(cn:dn:caseIgnoreMatch:=Alice)(:dn:2.5.13.5:=x)(modifyTimestamp>=20260101000000Z)(uidNumber<=9)(cn~=alis))',
      'Python ldap3': '(&(mail=alice@lamyne.example)(memberOf=cn=bureau,ou=groups,o=lamyne))',
      'Node ldapts': '(&(uid=alice)(!(cn=Éric)))',
      'Java JNDI': '(&(uid=élodie\\2a)(objectclass=inetOrgPerson))',
    };
    for (const [name, filter] of Object.entries(filters)) {
      const searches = session(name).map(({ request }) => request);
      expect(searches, name).toContainEqual(
        expect.objectContaining({ kind: 'search', filter: parseFilter(filter) }),
      );
    }
  });

  it('reads a jpegPhoto asked for by its bytes as a filter that is neither true nor false', () => {
    expect(only('ldapsearch, escapes, empty sets, bytes that are not text')).toMatchObject({
      filter: {
        type: 'or',
        filters: [
          { type: 'and', filters: [] },
          { type: 'or', filters: [] },
          { type: 'equality', attribute: 'cn', value: '(a)\\*\0' },
          { type: 'undefined' },
        ],
      },
      attributes: [''],
    });
  });

  it('reads limits, scopes and types only', () => {
    expect(only('ldapsearch, groups in groups, types only, sorted')).toMatchObject({
      scope: 'one',
      sizeLimit: 10,
      timeLimit: 5,
      typesOnly: true,
    });
    expect(
      session('ldapsearch, password policy, extensible filters, every comparison')[1]?.request,
    ).toMatchObject({ scope: 'children' });
  });

  it('reads the pages asked for, critical or not, and the cookie that comes back', () => {
    const pages = (name: string) =>
      session(name)
        .flatMap(({ controls }) => controls)
        .filter(({ oid }) => oid === PAGED_RESULTS)
        .map(({ critical, value }) => ({ critical, ...decodePagedResults(value as Buffer) }));
    const none = Buffer.alloc(0);
    const next = Buffer.from('next');
    expect(pages('ldapsearch, in pages')).toEqual([
      { critical: false, size: 100, cookie: none },
      { critical: false, size: 100, cookie: next },
    ]);
    expect(pages('Node ldapts')).toEqual([
      { critical: false, size: 9, cookie: none },
      { critical: false, size: 9, cookie: next },
    ]);
    expect(pages('Java JNDI')[0]).toEqual({ critical: true, size: 100, cookie: none });
  });

  it('reads a change of password', () => {
    const both = only('ldappasswd, with both passwords');
    if (both.kind !== 'extended') throw new Error('not extended');
    expect(both.oid).toBe(PASSWORD_MODIFY);
    expect(decodePasswordModify(both.value)).toEqual({
      user: ALICE,
      oldPassword: Buffer.from('secret'),
      newPassword: Buffer.from('nouveau mot'),
    });
    expect(only('ldappasswd, for a generated password')).toEqual({
      kind: 'extended',
      oid: PASSWORD_MODIFY,
      value: undefined,
    });
  });

  it('reads compare, whoami, StartTLS and the four writes by their kind', () => {
    expect(only('ldapcompare')).toEqual({
      kind: 'compare',
      entry: 'cn=bureau,ou=groups,o=lamyne',
      attribute: 'member',
      value: ALICE,
    });
    expect(only('ldapwhoami')).toMatchObject({ oid: '1.3.6.1.4.1.4203.1.11.3' });
    expect(only('ldapsearch, StartTLS')).toMatchObject({ oid: '1.3.6.1.4.1.1466.20037' });
    const writes = ['ldapadd', 'ldapdelete', 'ldapmodify', 'ldapmodrdn'].map(only);
    expect(writes.map(({ kind }) => kind)).toEqual(['add', 'del', 'modify', 'modifyDn']);
  });
});
