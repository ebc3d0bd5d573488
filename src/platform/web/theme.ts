/** The colour of what has none of its own, as `tokens.css` and `favicon.svg` have it. */
export const HOUSE_ACCENT = '#1f6f6b';

/** Text on a coloured ground, and coloured text on each of our own grounds, reach this (WCAG 2.2 §1.4.3). */
const ENOUGH = 4.6;
const WHITE: Rgb = [255, 255, 255];
const INK: Rgb = [20, 20, 24];
/** What links stand on, as `tokens.css` has it: the card, the page, notices, and what is good, to be heeded, at fault. */
const LIGHT_GROUNDS = ['#ffffff', '#f6f5f2', '#eef3f6', '#e8f4ec', '#fcf2dc', '#fcedeb'].map(known);
const DARK_GROUNDS = ['#1e2023', '#151618', '#22303a', '#1a3022', '#352a13', '#3a1f1d'].map(known);

export type Rgb = [number, number, number];

/** A stylesheet that gives the pages a community's colour, whatever colour that is, and stays readable. */
export function themeCss(accent: string): string {
  const colour = parse(accent);
  if (colour === undefined) return '';
  const { ground, onAccent } = groundOf(colour);
  const darkLink = mixUntil(colour, WHITE, (c) => isReadable(c, DARK_GROUNDS));
  return `:root{--accent:${hex(ground)};--on-accent:${hex(onAccent)};--link:${hex(linkOf(colour))}}
@media (prefers-color-scheme:dark){:root{--link:${hex(darkLink)}}}
`;
}

/** A community's colour as a ground, what is written on it, and links in a light window, each as `#rrggbb`. */
export function readableAccent(accent: string): { ground: string; onGround: string; link: string } {
  const colour = parse(accent) ?? INK;
  const { ground, onAccent } = groundOf(colour);
  return { ground: hex(ground), onGround: hex(onAccent), link: hex(linkOf(colour)) };
}

function linkOf(colour: Rgb): Rgb {
  return mixUntil(colour, INK, (c) => isReadable(c, LIGHT_GROUNDS));
}

function groundOf(colour: Rgb): { ground: Rgb; onAccent: Rgb } {
  const onAccent = contrast(colour, WHITE) >= contrast(colour, INK) ? WHITE : INK;
  const ground = mixUntil(
    colour,
    onAccent === WHITE ? INK : WHITE,
    (c) => contrast(c, onAccent) >= ENOUGH,
  );
  return { ground, onAccent };
}

/** Contrast ratio of two colours, 1 to 21 (WCAG 2.2, "contrast ratio"). */
export function contrast(a: Rgb, b: Rgb): number {
  const [lighter, darker] = [luminance(a), luminance(b)].sort((x, y) => y - x) as [number, number];
  return (lighter + 0.05) / (darker + 0.05);
}

function isReadable(colour: Rgb, grounds: Rgb[]): boolean {
  return grounds.every((ground) => contrast(colour, ground) >= ENOUGH);
}

function known(colour: string): Rgb {
  return parse(colour) as Rgb;
}

/** A colour as `#rrggbb`, which is the only way that communities give theirs. */
export function parse(colour: string): Rgb | undefined {
  const match = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(colour);
  return match === null
    ? undefined
    : (match.slice(1).map((part) => Number.parseInt(part, 16)) as Rgb);
}

function luminance(colour: Rgb): number {
  const [r, g, b] = colour.map((value) => {
    const s = value / 255;
    return s <= 0.04045 ? s / 12.92 : ((s + 0.055) / 1.055) ** 2.4;
  }) as Rgb;
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** The colour, moved towards another only as far as it must be. */
function mixUntil(colour: Rgb, towards: Rgb, enough: (colour: Rgb) => boolean): Rgb {
  for (let part = 0; part < 1; part += 0.04) {
    const mixed = colour.map((value, i) =>
      Math.round(value + ((towards[i] as number) - value) * part),
    ) as Rgb;
    if (enough(mixed)) return mixed;
  }
  return towards;
}

function hex(colour: Rgb): string {
  return `#${colour.map((value) => value.toString(16).padStart(2, '0')).join('')}`;
}
