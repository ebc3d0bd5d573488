import { nameIdentifier } from '../../../platform/distinguished-names/oid-names.ts';
import { ATTRIBUTE_TYPES, type AttributeType } from './attribute-types.ts';
import { DERIVED_RULES, RULES, SYNTAX } from './matching-rules.ts';
import { OBJECT_CLASSES, type ObjectClass } from './object-classes.ts';

export const SUBSCHEMA_DN = 'cn=subschema';

for (const { oid, name } of [...Object.values(RULES), ...DERIVED_RULES])
  nameIdentifier(oid, [name]);

const SYNTAX_NAMES: Record<string, string> = {
  [SYNTAX.boolean]: 'Boolean',
  [SYNTAX.directoryString]: 'Directory String',
  [SYNTAX.distinguishedName]: 'DN',
  [SYNTAX.generalizedTime]: 'Generalized Time',
  [SYNTAX.ia5String]: 'IA5 String',
  [SYNTAX.integer]: 'INTEGER',
  [SYNTAX.nameAndOptionalUid]: 'Name And Optional UID',
  [SYNTAX.octetString]: 'Octet String',
  [SYNTAX.oid]: 'OID',
  [SYNTAX.substringAssertion]: 'Substring Assertion',
  [SYNTAX.uuid]: 'UUID',
  [SYNTAX.attributeTypeDescription]: 'Attribute Type Description',
  [SYNTAX.objectClassDescription]: 'Object Class Description',
  [SYNTAX.matchingRuleDescription]: 'Matching Rule Description',
  [SYNTAX.matchingRuleUseDescription]: 'Matching Rule Use Description',
  [SYNTAX.ldapSyntaxDescription]: 'LDAP Syntax Description',
  '1.3.6.1.4.1.1466.115.121.1.28': 'JPEG',
};

/** The descriptions of RFC 4512 §4.1, of all that the schema has. */
export const SUBSCHEMA = {
  objectClasses: OBJECT_CLASSES.map(describeObjectClass),
  attributeTypes: ATTRIBUTE_TYPES.map(describeAttributeType),
  matchingRules: [...Object.values(RULES), ...DERIVED_RULES].map(
    ({ oid, name, syntax }) => `( ${oid} NAME '${name}' SYNTAX ${syntax} )`,
  ),
  matchingRuleUse: describeUses(),
  ldapSyntaxes: Object.entries(SYNTAX_NAMES).map(([oid, name]) => `( ${oid} DESC '${name}' )`),
} as const;

function describeObjectClass({ oid, name, superior, kind, must, may, description }: ObjectClass) {
  return join([
    oid,
    `NAME '${name}'`,
    description && `DESC '${description}'`,
    superior && `SUP ${superior}`,
    kind,
    must.length > 0 && `MUST ${list(must)}`,
    may.length > 0 && `MAY ${list(may)}`,
  ]);
}

function describeAttributeType(type: AttributeType): string {
  const names = [type.name, ...type.aliases].map((name) => `'${name}'`);
  return join([
    type.oid,
    `NAME ${names.length === 1 ? names[0] : `( ${names.join(' ')} )`}`,
    type.description && `DESC '${type.description}'`,
    type.superior && `SUP ${type.superior}`,
    type.equality && `EQUALITY ${type.equality.name}`,
    type.ordering && `ORDERING ${derivedRule(type, 'ordering')}`,
    type.substrings && `SUBSTR ${derivedRule(type, 'substrings')}`,
    `SYNTAX ${type.syntax}`,
    type.singleValue && 'SINGLE-VALUE',
    type.usage !== 'userApplications' && 'NO-USER-MODIFICATION',
    type.usage !== 'userApplications' && `USAGE ${type.usage}`,
  ]);
}

function derivedRule(type: AttributeType, kind: 'ordering' | 'substrings'): string {
  const rule = DERIVED_RULES.find((each) => each.kind === kind && each.of === type.equality);
  if (rule === undefined) throw new Error(`${type.name} has no ${kind} rule`);
  return rule.name;
}

function describeUses(): string[] {
  return Object.values(RULES).flatMap(({ oid, name }) => {
    const types = ATTRIBUTE_TYPES.filter(({ equality }) => equality?.oid === oid);
    return types.length === 0
      ? []
      : [`( ${oid} NAME '${name}' APPLIES ${list(types.map((type) => type.name))} )`];
  });
}

function list(names: string[]): string {
  return names.length === 1 ? (names[0] as string) : `( ${names.join(' $ ')} )`;
}

function join(parts: (string | false | undefined)[]): string {
  return `( ${parts.filter(Boolean).join(' ')} )`;
}
