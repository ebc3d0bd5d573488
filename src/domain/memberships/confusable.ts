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
/** Two letters that are read as one. In the order in which they are replaced. */
const PAIRS: [pair: string, letter: string][] = [
  ['rn', 'm'],
  ['vv', 'w'],
];

const FOLDED = new Map(
  LOOKS_LIKE.flatMap(([latin, lookalikes]) => [...lookalikes].map((letter) => [letter, latin])),
);
/** The same for names as they were typed: a capital I is taken for a small L. */
const TYPED = new Map([
  ...FOLDED,
  ...[...'ABCDEFGHIJKLMNOPQRSTUVWXYZ'].map((letter): [string, string] => [
    letter,
    letter === 'I' ? 'l' : letter.toLowerCase(),
  ]),
]);

/** The skeletons of a name: of its folded form, and of the form in which it was typed. */
export function skeletons(typed: string, folded: string): string[] {
  return [...new Set([skeletonOf(folded, FOLDED), skeletonOf(typed, TYPED)])];
}

function skeletonOf(name: string, letters: Map<string, string>): string {
  const plain = [...name].map((letter) => letters.get(letter) ?? letter).join('');
  return PAIRS.reduce((text, [pair, letter]) => text.replaceAll(pair, letter), plain);
}

/**
 * Regular expressions (PostgreSQL's) of the names that have one of these skeletons, folded and as typed.
 * They fail at a name's first letter or two: a hundred thousand take some 50 ms.
 */
export function lookalikePatterns(of: readonly string[]): { folded: string; typed: string } {
  const pattern = (letters: Map<string, string>) =>
    `^(?:${of.map((skeleton) => [...skeleton].map((letter) => shapesOf(letter, letters)).join('')).join('|')})$`;
  return { folded: pattern(FOLDED), typed: pattern(TYPED) };
}

/** What is read as this letter of a skeleton. */
function shapesOf(letter: string, letters: Map<string, string>): string {
  const own = oneOf(letter, letters);
  const pair = PAIRS.find(([, read]) => read === letter)?.[0];
  if (pair === undefined) return own;
  return `(?:${own}|${[...pair].map((part) => oneOf(part, letters)).join('')})`;
}

function oneOf(letter: string, letters: Map<string, string>): string {
  const shapes = [...letters].flatMap(([shape, read]) => (read === letter ? [shape] : []));
  if (shapes.length > 0) return `[${letter}${shapes.join('')}]`;
  return letter.replace(/[^\p{L}\p{M}\p{Nd}]/u, '\\$&');
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
