import { nameIdentifier } from '../../../platform/distinguished-names/oid-names.ts';
import { type MatchingRule, RULES, SYNTAX } from './matching-rules.ts';

/** An attribute type (RFC 4512 §4.1.2). */
export type AttributeType = {
  /** Place in `ATTRIBUTE_TYPES`. */
  index: number;
  oid: string;
  /** The first name is the one that answers carry, in this spelling. */
  name: string;
  aliases: string[];
  equality: MatchingRule | undefined;
  ordering: boolean;
  substrings: boolean;
  syntax: string;
  singleValue: boolean;
  usage: 'userApplications' | 'directoryOperation' | 'dSAOperation';
  superior: string | undefined;
  description: string | undefined;
  /** Itself and the types below it: an assertion about `name` is one about `cn`, too (RFC 4512 §2.5.1). */
  withSubtypes: AttributeType[];
};

type Options = Partial<
  Pick<
    AttributeType,
    'ordering' | 'substrings' | 'syntax' | 'singleValue' | 'usage' | 'superior' | 'description'
  >
>;

export const ATTRIBUTE_TYPES: AttributeType[] = [];
const byName = new Map<string, AttributeType>();

function define(
  oid: string,
  names: string | string[],
  equality: MatchingRule | undefined,
  options: Options = {},
): AttributeType {
  const [name, ...aliases] = typeof names === 'string' ? [names] : (names as [string, ...string[]]);
  const type: AttributeType = {
    index: ATTRIBUTE_TYPES.length,
    oid,
    name,
    aliases,
    equality,
    ordering: false,
    substrings: false,
    syntax: equality?.syntax ?? SYNTAX.octetString,
    singleValue: false,
    usage: 'userApplications',
    superior: undefined,
    description: undefined,
    withSubtypes: [],
    ...options,
  };
  ATTRIBUTE_TYPES.push(type);
  for (const each of [oid, name, ...aliases]) byName.set(each.toLowerCase(), type);
  nameIdentifier(oid, [name, ...aliases]);
  for (
    let above: AttributeType | undefined = type;
    above !== undefined;
    above = above.superior === undefined ? undefined : byName.get(above.superior.toLowerCase())
  ) {
    above.withSubtypes.push(type);
  }
  return type;
}

const text = { substrings: true };
const exact = RULES.caseExactIA5Match;
const ignore = RULES.caseIgnoreMatch;
const dn = RULES.distinguishedNameMatch;
const operational = { usage: 'directoryOperation', singleValue: true } as const;

export const A = {
  // RFC 4512
  objectClass: define('2.5.4.0', 'objectClass', RULES.objectIdentifierMatch),
  // RFC 4519
  name: define('2.5.4.41', 'name', ignore, text),
  distinguishedName: define('2.5.4.49', 'distinguishedName', dn),
  uid: define('0.9.2342.19200300.100.1.1', ['uid', 'userid'], ignore, text),
  cn: define('2.5.4.3', ['cn', 'commonName'], ignore, { ...text, superior: 'name' }),
  sn: define('2.5.4.4', ['sn', 'surname'], ignore, { ...text, superior: 'name' }),
  givenName: define('2.5.4.42', ['givenName', 'gn'], ignore, { ...text, superior: 'name' }),
  // RFC 2798, RFC 4524
  displayName: define('2.16.840.1.113730.3.1.241', 'displayName', ignore, {
    ...text,
    singleValue: true,
  }),
  mail: define(
    '0.9.2342.19200300.100.1.3',
    ['mail', 'rfc822Mailbox'],
    RULES.caseIgnoreIA5Match,
    text,
  ),
  preferredLanguage: define('2.16.840.1.113730.3.1.39', 'preferredLanguage', ignore, {
    ...text,
    singleValue: true,
  }),
  memberOf: define('1.2.840.113556.1.2.102', 'memberOf', dn, {
    description: 'Groups that the entry is in, directly or through nested groups',
  }),
  // RFC 2307
  uidNumber: define('1.3.6.1.1.1.1.0', 'uidNumber', RULES.integerMatch, {
    ordering: true,
    singleValue: true,
  }),
  gidNumber: define('1.3.6.1.1.1.1.1', 'gidNumber', RULES.integerMatch, {
    ordering: true,
    singleValue: true,
  }),
  gecos: define('1.3.6.1.1.1.1.2', 'gecos', ignore, { ...text, singleValue: true }),
  homeDirectory: define('1.3.6.1.1.1.1.3', 'homeDirectory', exact, { singleValue: true }),
  loginShell: define('1.3.6.1.1.1.1.4', 'loginShell', exact, { singleValue: true }),
  memberUid: define('1.3.6.1.1.1.1.12', 'memberUid', RULES.caseExactMatch, text),
  member: define('2.5.4.31', 'member', dn, { superior: 'distinguishedName' }),
  uniqueMember: define('2.5.4.50', 'uniqueMember', RULES.uniqueMemberMatch),
  description: define('2.5.4.13', 'description', ignore, text),
  o: define('2.5.4.10', ['o', 'organizationName'], ignore, { ...text, superior: 'name' }),
  ou: define('2.5.4.11', ['ou', 'organizationalUnitName'], ignore, { ...text, superior: 'name' }),
  dc: define('0.9.2342.19200300.100.1.25', ['dc', 'domainComponent'], RULES.caseIgnoreIA5Match, {
    ...text,
    singleValue: true,
  }),
  // Known so that filters and schemas of common clients make sense; no entry has them.
  userPassword: define('2.5.4.35', 'userPassword', RULES.octetStringMatch),
  seeAlso: define('2.5.4.34', 'seeAlso', dn, { superior: 'distinguishedName' }),
  owner: define('2.5.4.32', 'owner', dn, { superior: 'distinguishedName' }),
  telephoneNumber: define('2.5.4.20', 'telephoneNumber', ignore, text),
  title: define('2.5.4.12', 'title', ignore, { ...text, superior: 'name' }),
  l: define('2.5.4.7', ['l', 'localityName'], ignore, { ...text, superior: 'name' }),
  jpegPhoto: define('0.9.2342.19200300.100.1.60', 'jpegPhoto', undefined, {
    syntax: '1.3.6.1.4.1.1466.115.121.1.28',
  }),
  businessCategory: define('2.5.4.15', 'businessCategory', ignore, text),
  // Operational: RFC 4512 §3.4, RFC 4530, RFC 5020, X.501
  structuralObjectClass: define(
    '2.5.21.9',
    'structuralObjectClass',
    RULES.objectIdentifierMatch,
    operational,
  ),
  entryUUID: define('1.3.6.1.1.16.4', 'entryUUID', RULES.uuidMatch, {
    ...operational,
    ordering: true,
  }),
  entryDN: define('1.3.6.1.1.20', 'entryDN', dn, operational),
  createTimestamp: define('2.5.18.1', 'createTimestamp', RULES.generalizedTimeMatch, {
    ...operational,
    ordering: true,
  }),
  modifyTimestamp: define('2.5.18.2', 'modifyTimestamp', RULES.generalizedTimeMatch, {
    ...operational,
    ordering: true,
  }),
  hasSubordinates: define('2.5.18.9', 'hasSubordinates', RULES.booleanMatch, operational),
  subschemaSubentry: define('2.5.18.10', 'subschemaSubentry', dn, operational),
  // The subschema itself: RFC 4512 §4.2
  objectClasses: define('2.5.21.6', 'objectClasses', RULES.objectIdentifierFirstComponentMatch, {
    syntax: SYNTAX.objectClassDescription,
    usage: 'directoryOperation',
  }),
  attributeTypes: define('2.5.21.5', 'attributeTypes', RULES.objectIdentifierFirstComponentMatch, {
    syntax: SYNTAX.attributeTypeDescription,
    usage: 'directoryOperation',
  }),
  matchingRules: define('2.5.21.4', 'matchingRules', RULES.objectIdentifierFirstComponentMatch, {
    syntax: SYNTAX.matchingRuleDescription,
    usage: 'directoryOperation',
  }),
  matchingRuleUse: define(
    '2.5.21.8',
    'matchingRuleUse',
    RULES.objectIdentifierFirstComponentMatch,
    {
      syntax: SYNTAX.matchingRuleUseDescription,
      usage: 'directoryOperation',
    },
  ),
  ldapSyntaxes: define(
    '1.3.6.1.4.1.1466.101.120.16',
    'ldapSyntaxes',
    RULES.objectIdentifierFirstComponentMatch,
    {
      syntax: SYNTAX.ldapSyntaxDescription,
      usage: 'directoryOperation',
    },
  ),
  // The root DSE: RFC 4512 §5.1, RFC 3045
  namingContexts: define('1.3.6.1.4.1.1466.101.120.5', 'namingContexts', dn, {
    usage: 'dSAOperation',
  }),
  defaultNamingContext: define('1.3.6.1.4.1.7165.2.1.15', 'defaultNamingContext', dn, {
    usage: 'dSAOperation',
    singleValue: true,
  }),
  supportedExtension: define(
    '1.3.6.1.4.1.1466.101.120.7',
    'supportedExtension',
    RULES.objectIdentifierMatch,
    {
      usage: 'dSAOperation',
    },
  ),
  supportedControl: define(
    '1.3.6.1.4.1.1466.101.120.13',
    'supportedControl',
    RULES.objectIdentifierMatch,
    {
      usage: 'dSAOperation',
    },
  ),
  supportedFeatures: define(
    '1.3.6.1.4.1.4203.1.3.5',
    'supportedFeatures',
    RULES.objectIdentifierMatch,
    {
      usage: 'dSAOperation',
    },
  ),
  supportedLDAPVersion: define(
    '1.3.6.1.4.1.1466.101.120.15',
    'supportedLDAPVersion',
    RULES.integerMatch,
    {
      usage: 'dSAOperation',
    },
  ),
  supportedSASLMechanisms: define(
    '1.3.6.1.4.1.1466.101.120.14',
    'supportedSASLMechanisms',
    ignore,
    {
      usage: 'dSAOperation',
    },
  ),
  altServer: define('1.3.6.1.4.1.1466.101.120.6', 'altServer', exact, { usage: 'dSAOperation' }),
  vendorName: define('1.3.6.1.1.4', 'vendorName', RULES.caseExactMatch, {
    usage: 'dSAOperation',
    singleValue: true,
  }),
  vendorVersion: define('1.3.6.1.1.5', 'vendorVersion', RULES.caseExactMatch, {
    usage: 'dSAOperation',
    singleValue: true,
  }),
} as const;

/**
 * The type that an attribute description names, without case, by name or OID (RFC 4512 §2.5). Undefined
 * for a type that the schema does not know, and for one with options (`;lang-fr`, `;binary`): no value
 * here has any, and a description without the option would be another attribute.
 */
export function findAttributeType(description: string): AttributeType | undefined {
  return byName.get(description) ?? byName.get(description.toLowerCase());
}
