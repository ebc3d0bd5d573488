/**
 * Attribute types that names are made of, by every spelling: here, and not with the schema's other facts,
 * because names are read before the schema that is built upon them.
 */
const NAMING: Record<string, readonly string[]> = {
  uid: ['userid', '0.9.2342.19200300.100.1.1'],
  cn: ['commonname', '2.5.4.3'],
  sn: ['surname', '2.5.4.4'],
  l: ['localityname', '2.5.4.7'],
  o: ['organizationname', '2.5.4.10'],
  ou: ['organizationalunitname', '2.5.4.11'],
  dc: ['domaincomponent', '0.9.2342.19200300.100.1.25'],
  c: ['countryname', '2.5.4.6'],
  st: ['stateorprovincename', '2.5.4.8'],
};
const naming = new Map(
  Object.entries(NAMING).flatMap(([name, others]) => others.map((other) => [other, name])),
);
const identifiers = new Map<string, string>();

/** Tells the names of an OID of the schema. */
export function nameIdentifier(oid: string, names: readonly string[]): void {
  for (const each of [oid, ...names]) identifiers.set(each.toLowerCase(), oid);
}

/** The one spelling of an attribute type in a name, in lower case; an unknown one is its own. */
export function canonicalAttribute(name: string): string {
  const lower = name.toLowerCase();
  return naming.get(lower) ?? lower;
}

/** The OID of an attribute type, object class or rule by any of its names; undefined when nobody knows it. */
export function canonicalOid(name: string): string | undefined {
  return identifiers.get(name.trim().toLowerCase());
}
