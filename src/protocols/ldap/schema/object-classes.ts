import { nameIdentifier } from '../../../platform/distinguished-names/oid-names.ts';

/** An object class (RFC 4512 §4.1.1). */
export type ObjectClass = {
  oid: string;
  name: string;
  superior: string | undefined;
  kind: 'ABSTRACT' | 'STRUCTURAL' | 'AUXILIARY';
  must: string[];
  may: string[];
  description?: string;
};

export const OBJECT_CLASSES: ObjectClass[] = [];

function define(
  oid: string,
  name: string,
  kind: ObjectClass['kind'],
  rest: { superior?: string; must?: string[]; may?: string[]; description?: string } = {},
): void {
  const superior = name === 'top' ? undefined : (rest.superior ?? 'top');
  OBJECT_CLASSES.push({ oid, name, kind, must: [], may: [], ...rest, superior });
  nameIdentifier(oid, [name]);
}

// RFC 4512
define('2.5.6.0', 'top', 'ABSTRACT', { must: ['objectClass'] });
define('2.5.20.1', 'subschema', 'AUXILIARY', {
  may: ['objectClasses', 'attributeTypes', 'matchingRules', 'matchingRuleUse', 'ldapSyntaxes'],
});
define('2.5.17.0', 'subentry', 'STRUCTURAL', { must: ['cn'] });
// RFC 4519, RFC 2798
define('2.5.6.6', 'person', 'STRUCTURAL', {
  must: ['sn', 'cn'],
  may: ['userPassword', 'telephoneNumber', 'seeAlso', 'description'],
});
define('2.5.6.7', 'organizationalPerson', 'STRUCTURAL', {
  superior: 'person',
  may: ['title', 'ou', 'l'],
});
define('2.16.840.1.113730.3.2.2', 'inetOrgPerson', 'STRUCTURAL', {
  superior: 'organizationalPerson',
  may: [
    'uid',
    'givenName',
    'displayName',
    'mail',
    'preferredLanguage',
    'jpegPhoto',
    'o',
    'businessCategory',
    'memberOf',
  ],
});
define('2.5.6.9', 'groupOfNames', 'STRUCTURAL', {
  must: ['member', 'cn'],
  may: ['businessCategory', 'seeAlso', 'owner', 'ou', 'o', 'description'],
});
// Structural in RFC 4519: here it stands beside groupOfNames on the same entry, for clients that look for
// the one or the other, and an entry has one structural class.
define('2.5.6.17', 'groupOfUniqueNames', 'AUXILIARY', {
  must: ['uniqueMember', 'cn'],
  may: ['businessCategory', 'seeAlso', 'owner', 'ou', 'o', 'description'],
});
define('2.5.6.11', 'applicationProcess', 'STRUCTURAL', {
  must: ['cn'],
  may: ['seeAlso', 'ou', 'l', 'description', 'displayName'],
});
define('2.5.6.4', 'organization', 'STRUCTURAL', {
  must: ['o'],
  may: [
    'userPassword',
    'seeAlso',
    'businessCategory',
    'telephoneNumber',
    'l',
    'description',
    'displayName',
  ],
});
define('2.5.6.5', 'organizationalUnit', 'STRUCTURAL', {
  must: ['ou'],
  may: [
    'userPassword',
    'seeAlso',
    'businessCategory',
    'telephoneNumber',
    'l',
    'description',
    'displayName',
  ],
});
// RFC 2247
define('1.3.6.1.4.1.1466.344', 'dcObject', 'AUXILIARY', { must: ['dc'] });
// RFC 2307bis: auxiliary, so that they stand beside inetOrgPerson and groupOfNames
define('1.3.6.1.1.1.2.0', 'posixAccount', 'AUXILIARY', {
  must: ['cn', 'uid', 'uidNumber', 'gidNumber', 'homeDirectory'],
  may: ['userPassword', 'loginShell', 'gecos', 'description'],
});
define('1.3.6.1.1.1.2.2', 'posixGroup', 'AUXILIARY', {
  must: ['gidNumber'],
  may: ['userPassword', 'memberUid', 'description'],
});
