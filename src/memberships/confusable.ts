/**
 * The skeleton of a username: two names that a reader takes for one another have the same (the idea of
 * Unicode UTS #39 section 4, with what usernames can hold). NFKC and case are folded by `nameKey` before;
 * what is left are letters of other scripts, and signs of our own that look like letters.
 */

/** Pairs of a letter and the Latin letter that it is taken for. */
const LOOKS_LIKE: [latin: string, lookalikes: string][] = [
  ['a', 'аαɑ'],
  ['b', 'ьƅ'],
  ['c', 'сϲᴄ'],
  ['d', 'ԁ'],
  ['e', 'еҽ'],
  ['g', 'ɡց'],
  ['h', 'һհ'],
  ['i', 'іιıɩ'],
  ['j', 'јϳ'],
  ['k', 'кκ'],
  ['l', '1ӏǀ'],
  ['m', 'мϻ'],
  ['n', 'ո'],
  ['o', '0оοօσ'],
  ['p', 'рρ'],
  ['q', 'ԛ'],
  ['r', 'гᴦ'],
  ['s', 'ѕꜱ'],
  ['t', 'тτ'],
  ['u', 'υսᴜ'],
  ['v', 'νѵᴠ'],
  ['w', 'ѡԝᴡ'],
  ['x', 'хχ'],
  ['y', 'уγүʏ'],
  ['z', 'ᴢ'],
];
const CAPITALS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';

/** For PostgreSQL's `translate`: the letters, and what each becomes, in the same order. */
export const TRANSLATE_FROM = LOOKS_LIKE.map(([, lookalikes]) => lookalikes).join('');
export const TRANSLATE_TO = LOOKS_LIKE.map(([latin, lookalikes]) =>
  latin.repeat([...lookalikes].length),
).join('');
/** The same for names as they were typed: a capital I is taken for a small L. */
export const TYPED_FROM = CAPITALS + TRANSLATE_FROM;
export const TYPED_TO = CAPITALS.toLowerCase().replace('i', 'l') + TRANSLATE_TO;

/** Two letters that are read as one. In the order in which they are replaced. */
export const PAIRS: [pair: string, letter: string][] = [
  ['rn', 'm'],
  ['vv', 'w'],
];

/** The skeletons of a name: of its folded form, and of the form in which it was typed. */
export function skeletons(typed: string, folded: string): string[] {
  return [
    ...new Set([
      replace(folded, TRANSLATE_FROM, TRANSLATE_TO),
      replace(typed, TYPED_FROM, TYPED_TO),
    ]),
  ];
}

function replace(name: string, from: string, to: string): string {
  const letters = [...name].map((letter) => {
    const place = from.indexOf(letter);
    return place === -1 ? letter : (to[place] as string);
  });
  return PAIRS.reduce((text, [pair, letter]) => text.replaceAll(pair, letter), letters.join(''));
}

/** Scripts that are written together in one word. */
const TOGETHER = [
  /\p{Script=Han}|\p{Script=Hira}|\p{Script=Kana}/u,
  /\p{Script=Han}|\p{Script=Hang}/u,
];
const SCRIPTS = [
  'Latin',
  'Greek',
  'Cyrillic',
  'Armenian',
  'Hebrew',
  'Arabic',
  'Devanagari',
  'Bengali',
  'Thai',
  'Georgian',
  'Hangul',
  'Han',
  'Hiragana',
  'Katakana',
  'Ethiopic',
  'Khmer',
  'Cherokee',
].map((script) => new RegExp(`\\p{Script_Extensions=${script}}`, 'u'));

/** Whether a name mixes letters of scripts that no word mixes ("pаypal" with a Cyrillic а). */
export function mixesScripts(name: string): boolean {
  const letters = [...name].filter((letter) => /\p{L}/u.test(letter));
  if (letters.length === 0) return false;
  const fits = (script: RegExp) => letters.every((letter) => script.test(letter));
  if ([...SCRIPTS, ...TOGETHER].some(fits)) return false;
  // A name of one script that is not in the list is fine: none of its letters is in it.
  return letters.some((letter) => SCRIPTS.some((script) => script.test(letter)));
}
