import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  dnKey,
  escapeDnValue,
  formatDn,
  parseDn,
} from '../../src/platform/distinguished-names/dn.ts';
import { canonicalAttribute } from '../../src/platform/distinguished-names/oid-names.ts';
import { foldCase } from '../../src/platform/distinguished-names/prepare.ts';
import { nameKey, usernameFault } from '../../src/platform/text/names.ts';
import {
  ATTRIBUTE_TYPES,
  findAttributeType,
} from '../../src/protocols/ldap/schema/attribute-types.ts';
import { DERIVED_RULES, RULES } from '../../src/protocols/ldap/schema/matching-rules.ts';
import { OBJECT_CLASSES } from '../../src/protocols/ldap/schema/object-classes.ts';
import { SUBSCHEMA } from '../../src/protocols/ldap/schema/subschema.ts';

const keyOf = (text: string) => {
  const dn = parseDn(text);
  return dn === undefined ? undefined : dnKey(dn);
};

describe('distinguished names (row 13)', () => {
  it.each([
    ['UID=Alice, OU=People ,O=lamyne', 'uid=alice,ou=people,o=lamyne'],
    ['userid=alice,2.5.4.11=people,organizationName=lamyne', 'uid=alice,ou=people,o=lamyne'],
    ['oid.2.5.4.3=a', 'cn=a'],
    ['cn="Doe, John",o=x', 'cn=Doe\\, John,o=x'],
    ['cn=Doe\\2c John,o=x', 'cn=Doe\\, John,o=x'],
    ['cn=\\c3\\89lodie,o=x', 'cn=élodie,o=x'],
    ['cn=#0407416c69636531', undefined],
    ['cn=#0405416c696365,o=x', 'cn=alice,o=x'],
    ['cn=a  b,o=x', 'cn=A B,o=x'],
    ['cn=a+sn=b,o=x', 'SN=B + CN=A,o=x'],
    ['cn=a;o=x', 'cn=a,o=x'],
    ['', ''],
  ])('%j is the same name as %j', (one, other) => {
    expect(keyOf(one)).toBe(other === undefined ? undefined : keyOf(other));
  });

  it.each([
    ['cn=a\\,o=x', 'cn=a,o=x'],
    ['cn=ab,o=x', 'cn=a,o=x'],
    ['cn=a,o=x', 'cn=a,o=x,o=x'],
    ['cn=a\\+b,o=x', 'cn=a+b=c,o=x'],
  ])('%j is not the same name as %j', (one, other) => {
    expect(keyOf(one)).not.toBe(keyOf(other));
  });

  it('a comma that no type follows belongs to the name before it, as clients send names unescaped', () => {
    expect(keyOf('cn=Doe, John,ou=people,o=x')).toBe(keyOf('cn=Doe\\, John,ou=people,o=x'));
  });

  it.each(['x', '=x', 'cn=a,,o=x', 'cn=a\\', 'cn=\\zz', ',', 'cn=\\ff', '1cn=a', 'cn=a,'])(
    '%j is no name',
    (text) => {
      expect(parseDn(text)).toBeUndefined();
    },
  );

  it('whatever a value holds, it comes back from the name that was made of it', () => {
    const values = fc
      .string({ unit: 'grapheme', minLength: 1 })
      .filter((text) => text.isWellFormed());
    fc.assert(
      fc.property(fc.array(values, { minLength: 1, maxLength: 4 }), (parts) => {
        const dn = parts.map((value) => [{ type: 'cn', value }]);
        expect(parseDn(formatDn(dn))).toEqual(dn);
      }),
      { examples: [[[' ']], [['\u00a0', '\u3000x\u2003']], [['\t#']]] },
    );
  });

  it('any text is a name or is none, and nothing is thrown', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const dn = parseDn(text);
        if (dn !== undefined) expect(keyOf(formatDn(dn))).toBe(dnKey(dn));
      }),
      { numRuns: 2_000 },
    );
  });

  it('escapes what would end the value or be dropped at its ends (RFC 4514 §2.4)', () => {
    expect(escapeDnValue(' a,b+c"d\\e<f>g;h=i ')).toBe('\\ a\\,b\\+c\\"d\\\\e\\<f\\>g\\;h\\=i\\ ');
    expect(escapeDnValue('#a')).toBe('\\#a');
    expect(escapeDnValue(' ')).toBe('\\ ');
    expect(escapeDnValue('  ')).toBe('\\ \\ ');
    expect(escapeDnValue('a\0b')).toBe('a\\00b');
  });
});

describe('comparison without case (row 12)', () => {
  it.each([
    ['ÉLODIE', 'élodie'],
    ['E\u0301lodie', 'Élodie'],
    ['ﬁnance', 'FINANCE'],
    ['Ａlice', 'alice'],
    ['  Alice   Martin ', 'alice martin'],
    ['Ali\u200bce\u00ad', 'alice'],
    ['ΑΛΊΚΗ', 'αλίκη'],
    ['ЛЕСЯ', 'леся'],
  ])('%j equals %j', (one, other) => {
    expect(foldCase(one)).toBe(foldCase(other));
  });

  it('usernames that sign-in tells apart are two here, too', () => {
    const names = fc
      .stringMatching(/^[\p{L}\p{M}\p{Nd}._-]{1,12}$/u)
      .filter((name) => usernameFault(name) !== 'shape');
    fc.assert(
      fc.property(names, names, (a, b) => {
        expect(foldCase(a) === foldCase(b)).toBe(nameKey(a) === nameKey(b));
        expect(foldCase(a)).toBe(nameKey(a));
      }),
    );
  });

  it('no username holds what is dropped in comparison', () => {
    for (const invisible of ['\ufe0f', '\u200d', '\u00ad', '\u034f', '\u115f', '\u3164'])
      expect(usernameFault(`ali${invisible}ce`)).toBe('shape');
  });

  it('times are compared as times, whatever their zone and precision (row 6)', () => {
    const time = RULES.generalizedTimeMatch.prepare;
    expect(time('20261123120000Z')).toBe(time('202611231300+0100'));
    expect(time('20261123120000.0Z')).toBe(time('2026112312Z'));
    for (const bad of [
      '20261323120000Z',
      '20261123250000Z',
      '20261123120000',
      'x',
      '20260230000000Z',
    ])
      expect(time(bad)).toBeUndefined();
  });
});

describe('the subschema (row 5)', () => {
  const quoted = (text: string) => [...text.matchAll(/'([^']+)'/g)].map(([, name]) => name);

  it('names nothing that it does not define', () => {
    const types = new Set(ATTRIBUTE_TYPES.flatMap(({ name, aliases }) => [name, ...aliases]));
    const classes = new Set(OBJECT_CLASSES.map(({ name }) => name));
    for (const { superior, must, may } of OBJECT_CLASSES) {
      if (superior !== undefined) expect(classes).toContain(superior);
      for (const name of [...must, ...may]) expect(types).toContain(name);
    }
    for (const { superior } of ATTRIBUTE_TYPES) if (superior) expect(types).toContain(superior);
    const syntaxes = new Set(SUBSCHEMA.ldapSyntaxes.map((text) => text.split(' ')[1]));
    for (const { syntax } of [...ATTRIBUTE_TYPES, ...Object.values(RULES), ...DERIVED_RULES])
      expect(syntaxes).toContain(syntax);
    const rules = new Set(SUBSCHEMA.matchingRules.flatMap(quoted));
    for (const text of SUBSCHEMA.attributeTypes) {
      for (const [, rule] of text.matchAll(/(?:EQUALITY|ORDERING|SUBSTR) (\S+)/g))
        expect(rules).toContain(rule);
    }
  });

  it('gives each OID and each name once', () => {
    const all = [...ATTRIBUTE_TYPES, ...OBJECT_CLASSES, ...Object.values(RULES), ...DERIVED_RULES];
    expect(new Set(all.map(({ oid }) => oid)).size).toBe(all.length);
    const names = ATTRIBUTE_TYPES.flatMap(({ name, aliases }) => [name, ...aliases]);
    expect(new Set(names.map((name) => name.toLowerCase())).size).toBe(names.length);
  });

  it('knows an attribute by any of its names and by its OID, and none with options', () => {
    expect(findAttributeType('MAIL')?.name).toBe('mail');
    expect(findAttributeType('rfc822mailbox')?.name).toBe('mail');
    expect(findAttributeType('0.9.2342.19200300.100.1.3')?.name).toBe('mail');
    expect(findAttributeType('mail;binary')).toBeUndefined();
  });

  it('knows the attributes that names are made of by the same names', () => {
    for (const name of ['uid', 'cn', 'sn', 'l', 'o', 'ou', 'dc']) {
      const type = findAttributeType(name);
      expect(canonicalAttribute(type?.oid ?? '')).toBe(name);
      for (const alias of type?.aliases ?? []) expect(canonicalAttribute(alias)).toBe(name);
    }
  });
});
