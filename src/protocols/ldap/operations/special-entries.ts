import { type Dn, dnKey } from '../../../platform/distinguished-names/dn.ts';
import type { Special } from '../directory/directory.ts';
import { PAGED_RESULTS } from '../protocol/controls.ts';
import type { SearchRequest } from '../protocol/message.ts';
import { PASSWORD_MODIFY } from '../protocol/password-modify-value.ts';
import { A, type AttributeType } from '../schema/attribute-types.ts';
import { SUBSCHEMA, SUBSCHEMA_DN } from '../schema/subschema.ts';
import type { Session, Tree } from './session.ts';

export const WHO_AM_I = '1.3.6.1.4.1.4203.1.11.3';

export const START_TLS = '1.3.6.1.4.1.1466.20037';

/** All operational attributes by `+` (RFC 3673); absolute true and false filters (RFC 4526). */
const FEATURES = ['1.3.6.1.4.1.4203.1.5.1', '1.3.6.1.4.1.4203.1.5.3'];

/**
 * The entries that everybody may read, bound or not (rows 4, 5 and 30): the root DSE, by a base search
 * only (RFC 4512 §5.1), and the subschema. Undefined where the name is neither's.
 */
export function specialEntry(
  dn: Dn,
  { scope }: Pick<SearchRequest, 'scope'>,
  session: Session,
  tree: Tree & { startTls: boolean },
): Special | undefined {
  if (dn.length === 0) return scope === 'base' ? rootDse(session, tree) : undefined;
  return dn.length === 1 && dnKey(dn) === SUBSCHEMA_DN && scope !== 'children'
    ? SUBSCHEMA_ENTRY
    : undefined;
}

/** Only what works is advertised (row 2). */
function rootDse(
  { identity }: Session,
  { contexts, startTls }: Tree & { startTls: boolean },
): Special {
  const own =
    identity.kind === 'reader' || identity.kind === 'person'
      ? contexts.of(identity.communityId)
      : undefined;
  const bases = (own === undefined ? contexts.all() : [own])
    .filter(({ isActive }) => isActive)
    .map(({ base }) => base);
  return special('', [
    [A.objectClass, ['top']],
    [A.namingContexts, bases],
    [A.defaultNamingContext, bases.slice(0, 1)],
    [A.supportedLDAPVersion, ['3']],
    [A.supportedControl, [PAGED_RESULTS]],
    [A.supportedExtension, [WHO_AM_I, PASSWORD_MODIFY, ...(startTls ? [START_TLS] : [])]],
    [A.supportedFeatures, FEATURES],
    [A.subschemaSubentry, [SUBSCHEMA_DN]],
    [A.vendorName, ['Trousseau']],
  ]);
}

const SUBSCHEMA_ENTRY = special(SUBSCHEMA_DN, [
  [A.objectClass, ['top', 'subentry', 'subschema']],
  [A.cn, ['subschema']],
  [A.structuralObjectClass, ['subentry']],
  [A.entryDN, [SUBSCHEMA_DN]],
  [A.subschemaSubentry, [SUBSCHEMA_DN]],
  [A.objectClasses, SUBSCHEMA.objectClasses],
  [A.attributeTypes, SUBSCHEMA.attributeTypes],
  [A.matchingRules, SUBSCHEMA.matchingRules],
  [A.matchingRuleUse, SUBSCHEMA.matchingRuleUse],
  [A.ldapSyntaxes, SUBSCHEMA.ldapSyntaxes],
]);

function special(dn: string, values: [AttributeType, readonly string[]][]): Special {
  const attributes = new Map(
    values.filter(([, list]) => list.length > 0).map(([type, list]) => [type.index, list]),
  );
  return { kind: 'special', id: '', dn, createdAt: 0, updatedAt: 0, attributes };
}
