import fc from 'fast-check';

/** A value as somebody else might write it: letter case, spaces, forms of Unicode, one letter off. */
export function spellings(value: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc.tuple(value, fc.integer({ min: 0, max: 11 })).map(([text, how]) => respell(text, how));
}

function respell(text: string, how: number): string {
  switch (how) {
    case 0:
      return text.toUpperCase();
    case 1:
      return text.toLowerCase();
    case 2:
      return ` ${text}  `;
    case 3:
      return text.replaceAll(' ', '   ');
    case 4:
      return text.normalize('NFD');
    case 5:
      return text.slice(1);
    case 6:
      return `${text}x`;
    default:
      return text;
  }
}

const TYPE_NAMES: Record<string, string[]> = {
  uid: ['UID', 'userid', '0.9.2342.19200300.100.1.1'],
  cn: ['CN', 'commonName', '2.5.4.3'],
  ou: ['OU', 'organizationalUnitName', '2.5.4.11'],
  o: ['O', 'organizationName', '2.5.4.10'],
  dc: ['DC', 'domainComponent'],
};

/** A name in another spelling (RFC 4514 §3): case, other names of types, escapes, spaces, hex pairs. */
export function spelledDn(dn: string): fc.Arbitrary<string> {
  const pairs = dn.split(/(?<!\\),/);
  return fc
    .array(fc.integer({ min: 0, max: 9 }), { minLength: pairs.length, maxLength: pairs.length })
    .map((hows) =>
      hows.every((how) => how > 5)
        ? dn
        : pairs.map((pair, index) => respellPair(pair, hows[index] as number)).join(','),
    );
}

function respellPair(pair: string, how: number): string {
  const [, type = '', value = ''] = /^([^=]*)=(.*)$/s.exec(pair) ?? [];
  if (type === '') return pair;
  const names = TYPE_NAMES[type] ?? [type];
  switch (how) {
    case 0:
      return `${names[0]}=${value}`;
    case 1:
      return `${names.at(-1)}=${value}`;
    case 2:
      return ` ${type} = ${value} `;
    case 3:
      return `${type}=${hexPairs(value)}`;
    case 4:
      return `${type}=${value.includes('\\') ? value : value.toUpperCase()}`;
    case 5:
      return `${names[1] ?? type}=${value.includes('\\') ? value : value.replaceAll(' ', '  ')}`;
    default:
      return pair;
  }
}

/** Every byte as a hex pair. */
function hexPairs(value: string): string {
  const latin = Buffer.from(value).toString('latin1');
  const bytes = latin.match(/\\[0-9a-fA-F]{2}|[^\\]/gs) ?? [];
  return bytes
    .map((each) =>
      each.length > 1
        ? each
        : `\\${each.charCodeAt(0).toString(16).padStart(2, '0').toUpperCase()}`,
    )
    .join('');
}
